# SPDX-License-Identifier: BSD-2-Clause
# Behaviour: one script each, run as "./run SCRIPT" would.
TEST_EXTENSIONS = .sh
SH_LOG_COMPILER = $(abs_top_builddir)/run

# Errors in the use of malloc end a program. ASan has its own checks.
if !SANITIZERS
AM_TESTS_ENVIRONMENT = \
	MALLOC_CHECK_=3 MALLOC_PERTURB_=$$(($$$$ % 254 + 1)); \
	export MALLOC_CHECK_ MALLOC_PERTURB_;
# The scripts see to it themselves, see lib.sh.
LOG_COMPILER = env LD_PRELOAD=libc_malloc_debug.so.0
endif

behaviour_scripts = \
	tests/bad-address-in-use.sh \
	tests/bad-asks-without-end.sh \
	tests/bad-config-unreadable.sh \
	tests/bad-configs.sh \
	tests/bad-greedy-handshakes.sh \
	tests/bad-handshakes.sh \
	tests/bad-hundred-thousand.sh \
	tests/bad-killed-in-traffic.sh \
	tests/bad-meets-no-assert.sh \
	tests/bad-names-and-claims.sh \
	tests/bad-no-memory.sh \
	tests/bad-options.sh \
	tests/bad-requests.sh \
	tests/client-fio.sh \
	tests/client-nbd-client-list.sh \
	tests/client-nbdcopy-sparse.sh \
	tests/client-nbdcopy.sh \
	tests/client-nbdinfo.sh \
	tests/client-nbdkit-proxy.sh \
	tests/client-nbdsh.sh \
	tests/client-qemu-img.sh \
	tests/client-qemu-io.sh \
	tests/client-sees-holes.sh \
	tests/face-as-lender.sh \
	tests/face-bad-bytes.sh \
	tests/face-model.sh \
	tests/face-owner.sh \
	tests/face-room.sh \
	tests/face-tls.sh \
	tests/front-as-borrower.sh \
	tests/front-refuses.sh \
	tests/front-signals.sh \
	tests/fault-handshake.sh \
	tests/fault-nonsense.sh \
	tests/fault-of-all.sh \
	tests/fault-pages.sh \
	tests/fault-random.sh \
	tests/fault-replies.sh \
	tests/fault-stuck.sh \
	tests/lender-32-mib-requests.sh \
	tests/lender-allow.sh \
	tests/lender-any-offset-and-length.sh \
	tests/lender-asked-too-early.sh \
	tests/lender-busy-clients.sh \
	tests/lender-busy-poll.sh \
	tests/lender-claim-fences.sh \
	tests/lender-claim-in-traffic.sh \
	tests/lender-claim-refused.sh \
	tests/lender-claim-takes-over.sh \
	tests/lender-clock-jumps.sh \
	tests/lender-closed-descriptors.sh \
	tests/lender-commands-and-flags.sh \
	tests/lender-config.sh \
	tests/lender-cut-in-mid-payload.sh \
	tests/lender-dead-after.sh \
	tests/lender-deaf-at-the-end.sh \
	tests/lender-default-lend-shrinks.sh \
	tests/lender-disc-finishes.sh \
	tests/lender-ends-answering.sh \
	tests/lender-ends-cleanly.sh \
	tests/lender-drops-root.sh \
	tests/lender-epochs.sh \
	tests/lender-erasing-does-not-stall.sh \
	tests/lender-fenced-writer-leaves-no-trace.sh \
	tests/lender-few-descriptors.sh \
	tests/lender-file-size-limit.sh \
	tests/lender-files-that-wait.sh \
	tests/lender-filters-calls.sh \
	tests/lender-flood.sh \
	tests/lender-full-is-not-stale.sh \
	tests/lender-full-tmpfs.sh \
	tests/lender-half-closed.sh \
	tests/lender-half-open.sh \
	tests/lender-handshake-deadline.sh \
	tests/lender-handshake.sh \
	tests/lender-handshakes-make-room.sh \
	tests/lender-help.sh \
	tests/lender-hung-loop-is-told.sh \
	tests/lender-info-says-what-go-does.sh \
	tests/lender-join-after-a-plain-writer.sh \
	tests/lender-kept-starts-anyway.sh \
	tests/lender-killed-keeps-pages.sh \
	tests/lender-lend-exact.sh \
	tests/lender-limits.sh \
	tests/lender-listens-on-all.sh \
	tests/lender-listens.sh \
	tests/lender-locked.sh \
	tests/lender-log-flood.sh \
	tests/lender-log-is-not-read.sh \
	tests/lender-log-is-shared.sh \
	tests/lender-many-threads.sh \
	tests/lender-may-not-lock.sh \
	tests/lender-multi-conn.sh \
	tests/lender-mute-clients.sh \
	tests/lender-options-in-a-row.sh \
	tests/lender-out-of-descriptors.sh \
	tests/lender-owner-has-room.sh \
	tests/lender-owner-vanishes.sh \
	tests/lender-pid-file.sh \
	tests/lender-plain-is-read-only.sh \
	tests/lender-plaintext-refused.sh \
	tests/lender-pool-comes-again.sh \
	tests/lender-pool-size-exact.sh \
	tests/lender-pressure-drops.sh \
	tests/lender-pressure-refuses.sh \
	tests/lender-pressure-vacate.sh \
	tests/lender-rate-of-erasing.sh \
	tests/lender-rate.sh \
	tests/lender-reload-few-descriptors.sh \
	tests/lender-reload-full-state-dir.sh \
	tests/lender-reload-keeps-pages.sh \
	tests/lender-reload-outcome.sh \
	tests/lender-reload-refused.sh \
	tests/lender-reload-whole-or-not.sh \
	tests/lender-reload.sh \
	tests/lender-requests-behind-erasing.sh \
	tests/lender-removal-does-not-stall.sh \
	tests/lender-resident-bound.sh \
	tests/lender-restart-keeps-pages.sh \
	tests/lender-restart-loses-memory.sh \
	tests/lender-slow-is-not-silent.sh \
	tests/lender-small-pages.sh \
	tests/lender-socket-of-user.sh \
	tests/lender-state-of-a-user.sh \
	tests/lender-state-refused.sh \
	tests/lender-silence.sh \
	tests/lender-stats.sh \
	tests/lender-stopped.sh \
	tests/lender-stored-keeps-pages.sh \
	tests/lender-takes-sockets.sh \
	tests/lender-stranger.sh \
	tests/lender-tells-its-manager.sh \
	tests/lender-threads-side-by-side.sh \
	tests/lender-trim-frees.sh \
	tests/lender-unix-socket.sh \
	tests/lender-unread-replies.sh \
	tests/lender-untouched-costs-nothing.sh \
	tests/lender-zeros-cost-nothing.sh \
	tests/stats-few-descriptors.sh \
	tests/tls-certificates.sh \
	tests/tls-handshakes-are-rated.sh \
	tests/tls-keys.sh \
	tests/tls-required.sh \
	tests/tls-strange-names.sh \
	tests/tls-ticket.sh
# What looks at the sources, or builds them for itself, finds the same in each tree: not where it takes long.
source_scripts = \
	tests/model-claim.sh \
	tests/one-of-each.sh \
	tests/rooms.sh \
	tests/sim/planted.sh
dist_check_SCRIPTS += $(source_scripts)
if !SANITIZERS
TESTS += $(source_scripts)
endif
# A library to preload: a module, which is nowhere installed.
check_LTLIBRARIES += tests/clockjump.la tests/hugepages.la
tests_clockjump_la_SOURCES = tests/clockjump.c
tests_clockjump_la_LDFLAGS = -module -shared -avoid-version -rpath /nowhere
tests_clockjump_la_CFLAGS = $(WARN_CFLAGS)
tests_hugepages_la_SOURCES = tests/hugepages.c
tests_hugepages_la_LDFLAGS = -module -shared -avoid-version -rpath /nowhere
tests_hugepages_la_CFLAGS = $(WARN_CFLAGS)
check_PROGRAMS += tests/badnbd tests/nbdfault tests/nbdram
tests_badnbd_SOURCES = tests/badnbd.c
tests_nbdram_SOURCES = tests/nbdram.c
tests_nbdram_LDADD = face/libface.la nbd/libnbdserver.la common/libcommon.la $(LIBURING_LIBS) $(GNUTLS_LIBS) \
	$(EV_LIBS) $(PTHREAD_LIBS)
tests_nbdfault_SOURCES = \
	tests/fault/command.c \
	tests/fault/dice.c \
	tests/fault/fault.h \
	tests/fault/memory.c \
	tests/fault/nbdfault.c \
	tests/fault/pair.c \
	tests/fault/rule.c \
	tests/fault/weather.c \
	tests/fault/wire.c
dist_check_SCRIPTS += $(behaviour_scripts)
TESTS += $(behaviour_scripts)
EXTRA_DIST += tests/rooms.known tests/rooms.py
EXTRA_DIST += \
	tests/.shellcheckrc \
	tests/face.sh \
	tests/lib.sh \
	tests/model/claim.pml \
	tests/model/owner.pml \
	tests/rawnbd.py

include tests/unit/local.mk
include tests/fuzz/local.mk
include tests/sim/local.mk
