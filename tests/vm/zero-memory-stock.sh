#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The same as zero-memory.sh with nbdkit's own proxy in the plugin's place, the borrower otherwise set
# up the same: it hangs. Were it not so, zero-memory.sh would prove nothing. [KERNELS=6.12] [HANG=15]
. "$FARPAGE_SRCDIR/tests/vm/boot.sh"

limit=${HANG-15}
for KERNEL in ${KERNELS-6.12}; do
    wire stock 1G
    guest <<'EOT' && fail "the stock proxy survived on $KERNEL: this test has lost its teeth"
attach
first=all
swap_farpage
swapcheck --size 400M --passes fF --hang "$limit" --on-hang b || fail swapcheck
EOT
    grep 'swapcheck: hang' "$dir/console" || { cat "$dir/console"; fail 'it failed, but not by hanging'; }
done
