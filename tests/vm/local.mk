# SPDX-License-Identifier: BSD-2-Clause
# The guests: not part of check. ./check makes check-guests, which is these, that of the units and the quick start;
# ./check --long also check-long.
noinst_PROGRAMS += tests/vm/nbdagain tests/vm/swapcheck
# Static, and never with sanitizers: they run in the guest.
tests_vm_nbdagain_SOURCES = tests/vm/nbdagain.c
tests_vm_nbdagain_CFLAGS = -std=gnu11 $(WARN_CFLAGS)
tests_vm_nbdagain_LDFLAGS = -all-static
tests_vm_swapcheck_SOURCES = \
	tests/vm/swapcheck.c \
	tests/vm/swapcheck.h \
	tests/vm/swappage.c \
	tests/vm/swapwatch.c \
	tests/vm/swapwork.c
tests_vm_swapcheck_CFLAGS = -std=gnu11 $(WARN_CFLAGS)
tests_vm_swapcheck_LDFLAGS = -all-static
if HAVE_LIBURING
if !SANITIZERS
noinst_PROGRAMS += tests/vm/ublkram
tests_vm_ublkram_SOURCES = tests/vm/ublkram.c
tests_vm_ublkram_LDADD = face/libface.la common/libcommon.la $(LIBURING_LIBS) $(EV_LIBS) -lm
tests_vm_ublkram_LDFLAGS = $(AM_LDFLAGS) -all-static
endif
endif

# What is measured goes alone: a guest has two processors, and its stalls count. Those that
# want a loaded host are each other's load. Those that boot systemd go two at a time: beside more their waits grow out of
# proportion. The others wait now and then, and go three at a time, the long ones first. There one thread plays both of a
# guest's processors: with a thread each, one spins for locks whose holder this host does not let run, which costs a
# quarter of its time.
vm_alone = tests/vm/zero-memory.sh
vm_loaded = \
	tests/vm/squeeze.sh \
	tests/vm/zero-memory-stock.sh
vm_others = \
	tests/vm/squeeze-front.sh \
	tests/vm/face-ublk-swap.sh \
	tests/vm/face-ublk.sh \
	tests/vm/front-readers.sh \
	tests/vm/swap-correct.sh \
	tests/vm/lender-out-of-memory.sh \
	tests/vm/swap-lender-restarts.sh \
	tests/vm/lender-shortage.sh \
	tests/vm/swap-lender-faults.sh \
	tests/vm/swap-silence.sh \
	tests/vm/swap-signals.sh \
	tests/vm/swap-overflow.sh \
	tests/vm/swap-tmpfs.sh \
	tests/vm/swap-wrong.sh
dist_check_SCRIPTS += $(vm_alone) $(vm_loaded) $(vm_others)
EXTRA_DIST += \
	tests/vm/.shellcheckrc \
	tests/vm/boot.sh \
	tests/vm/guest-init.sh \
	tests/vm/image.sh \
	tests/vm/kernels.sh \
	tests/vm/lenders.sh \
	tests/vm/noise.py \
	tests/vm/series.sh \
	tests/vm/squeeze-front.results \
	tests/vm/squeeze.results

check-guests: systemd = tests/units-guest.sh tests/quick-start.sh
check-vm check-guests: all
	status=0; \
		$(MAKE) -j2 check TESTS="$(systemd)" || status=1; \
		THREAD=single $(MAKE) -j3 check TESTS="$(vm_others)" || status=1; \
		$(MAKE) -j2 check TESTS="$(vm_loaded)" || status=1; \
		$(MAKE) -j1 check TESTS="$(vm_alone)" || status=1; \
		exit $$status

# Several hours. BOOTS is how often each wiring must survive on each kernel, REPEAT how often
# each fault is made.
check-long: all
	REPEAT=$${REPEAT-20} $(MAKE) -j3 check TESTS="$(fault_scripts)"
	BOOTS=$${BOOTS-20} KERNELS='6.1 6.12' FULL=yes PASSES=fb \
		$(MAKE) -j1 check TESTS="$(vm_others) $(vm_loaded) $(vm_alone)"

.PHONY: check-vm check-guests check-long
