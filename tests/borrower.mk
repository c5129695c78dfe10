# SPDX-License-Identifier: BSD-2-Clause
borrower_scripts = \
	tests/borrower-address-moves.sh \
	tests/borrower-background-tells.sh \
	tests/borrower-claim-refused.sh \
	tests/borrower-copies-to-come.sh \
	tests/borrower-deadline-ends-in-eio.sh \
	tests/borrower-embedded-verifies.sh \
	tests/borrower-every-link.sh \
	tests/borrower-far-buffer.sh \
	tests/borrower-finds-the-address.sh \
	tests/borrower-gateway-claims.sh \
	tests/borrower-gateway-one-host.sh \
	tests/borrower-goes-on-after-a-cut.sh \
	tests/borrower-help-is-full.sh \
	tests/borrower-large-writes-flow.sh \
	tests/borrower-lender-added.sh \
	tests/borrower-lender-deaf.sh \
	tests/borrower-lender-drained.sh \
	tests/borrower-lender-restarts.sh \
	tests/borrower-lender-shuts-down.sh \
	tests/borrower-lender-verifies.sh \
	tests/borrower-lenders-file-refused.sh \
	tests/borrower-log-is-not-read.sh \
	tests/borrower-lost-memory-is-eio.sh \
	tests/borrower-no-memory-for-records.sh \
	tests/borrower-opens-without-one.sh \
	tests/borrower-over-tls.sh \
	tests/borrower-name-claims-nothing.sh \
	tests/borrower-name-moves.sh \
	tests/borrower-name-mute.sh \
	tests/borrower-name-unknown.sh \
	tests/borrower-nbdkit-log-waits-for-nobody.sh \
	tests/borrower-notices-while-idle.sh \
	tests/borrower-page-path-takes-no-memory.sh \
	tests/borrower-parameters-refused.sh \
	tests/borrower-process-is-prepared.sh \
	tests/borrower-same-lender.sh \
	tests/borrower-sees-holes.sh \
	tests/borrower-spill-hangs.sh \
	tests/borrower-stats.sh \
	tests/borrower-small-pools.sh \
	tests/borrower-stays-with-its-pool.sh \
	tests/borrower-successor-starts-empty.sh \
	tests/borrower-usurped-pool-is-eio.sh \
	tests/borrower-vacates.sh \
	tests/borrower-words-are-printable.sh
# Real processes and what may happen to them; REPEAT is how often. How long they wait is judged,
# so few of them run at a time: not part of check.
fault_scripts = \
	tests/borrower-fault-all-gone.sh \
	tests/borrower-fault-bad-spill.sh \
	tests/borrower-fault-borrower-killed.sh \
	tests/borrower-fault-cut.sh \
	tests/borrower-fault-exhaustion.sh \
	tests/borrower-fault-flapping.sh \
	tests/borrower-fault-flips-in-ram.sh \
	tests/borrower-fault-flips.sh \
	tests/borrower-fault-frozen.sh \
	tests/borrower-fault-full.sh \
	tests/borrower-fault-garbage.sh \
	tests/borrower-fault-hostile-pages.sh \
	tests/borrower-fault-killed.sh \
	tests/borrower-fault-lies.sh \
	tests/borrower-fault-lost-memory.sh \
	tests/borrower-fault-one-way.sh \
	tests/borrower-fault-restarted.sh \
	tests/borrower-fault-second-borrower.sh \
	tests/borrower-fault-slow.sh \
	tests/borrower-fault-spill.sh \
	tests/borrower-fault-stuck.sh \
	tests/borrower-fault-suspended.sh \
	tests/borrower-fault-vanished.sh
dist_check_SCRIPTS += $(borrower_scripts) $(fault_scripts)
TESTS += $(borrower_scripts)
check-faults: all
	$(MAKE) check TESTS="$(fault_scripts)"
# And on farpage-front: apart, because each script has one result. ./check --long makes it, with check-long.
check-front-faults: all
	FARPAGE_FRONT=yes REPEAT=$${REPEAT-20} $(MAKE) -j3 check TESTS="$(fault_scripts)"
.PHONY: check-faults check-front-faults

EXTRA_DIST += \
	tests/borrower-model.py \
	tests/borrower-tries.py \
	tests/faults.sh \
	tests/gateway.sh \
	tests/names.sh

check_PROGRAMS += tests/pagestress
tests_pagestress_SOURCES = tests/pagestress.c
tests_pagestress_LDADD = client/libborrower.la
check_PROGRAMS += tests/farbuffer
tests_farbuffer_SOURCES = tests/farbuffer.c tests/unit/unit.h
tests_farbuffer_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(srcdir)/tests/unit $(CMOCKA_CFLAGS)
tests_farbuffer_LDADD = client/libborrower.la $(CMOCKA_LIBS)

check_LTLIBRARIES += tests/countcalls.la tests/keeplocale.la
tests_countcalls_la_SOURCES = tests/countcalls.c
tests_countcalls_la_LDFLAGS = -module -shared -avoid-version -rpath /nowhere
tests_countcalls_la_CFLAGS = $(WARN_CFLAGS)
tests_keeplocale_la_SOURCES = tests/keeplocale.c
tests_keeplocale_la_LDFLAGS = -module -shared -avoid-version -rpath /nowhere
tests_keeplocale_la_CFLAGS = $(WARN_CFLAGS)
