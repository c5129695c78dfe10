# SPDX-License-Identifier: BSD-2-Clause
# The guests: not part of check. ./check makes check-vm, ./check --long also check-long. One guest
# at a time: each has two processors, and its stalls are measured.
noinst_PROGRAMS += tests/vm/swapcheck
# Static, and never with sanitizers: it runs in the guest.
tests_vm_swapcheck_SOURCES = \
	tests/vm/swapcheck.c \
	tests/vm/swapcheck.h \
	tests/vm/swappage.c \
	tests/vm/swapwatch.c \
	tests/vm/swapwork.c
tests_vm_swapcheck_CFLAGS = -std=gnu11 $(WARN_CFLAGS)
tests_vm_swapcheck_LDFLAGS = -all-static

vm_tests = \
	tests/vm/lender-shortage.sh \
	tests/vm/swap-correct.sh \
	tests/vm/swap-overflow.sh \
	tests/vm/swap-tmpfs.sh \
	tests/vm/swap-wrong.sh \
	tests/vm/zero-memory.sh \
	tests/vm/zero-memory-stock.sh
dist_check_SCRIPTS += $(vm_tests)
EXTRA_DIST += \
	tests/vm/.shellcheckrc \
	tests/vm/boot.sh \
	tests/vm/guest-init.sh \
	tests/vm/image.sh \
	tests/vm/kernels.sh

check-vm: all
	$(MAKE) -j1 check TESTS="$(vm_tests)"

# Several hours. BOOTS is how often each wiring must survive on each kernel.
check-long: all
	BOOTS=$${BOOTS-20} KERNELS='6.1 6.12' FULL=yes PASSES=fb \
		$(MAKE) -j1 check TESTS="$(vm_tests)"

.PHONY: check-vm check-long
