#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# When a Farpage device is full the kernel goes on to the disk, and no page is wrong. [KERNELS=6.12]
. "$FARPAGE_SRCDIR/tests/vm/boot.sh"

for KERNEL in ${KERNELS-6.12}; do
    wire direct 96M
    guest <<'EOT' || { cat "$dir/console"; fail "kernel $KERNEL"; }
attach
swap_disk
swap_farpage
swapcheck --size 256M --passes f.bF --gate /run/gate --hang 60 --on-hang 9mtb & check=$!
wait_for 300 'the gate' test -e /run/gate.reached
cat /proc/swaps
[ "$(swap_used_kib /dev/nbd0)" -gt 90000 ] || fail 'Farpage is not full'
[ "$(swap_used_kib /dev/vdb)" -gt 20000 ] || fail 'the disk was not used'
touch /run/gate
wait $check || fail swapcheck
EOT
    sed -n "s/^swapcheck: good/$KERNEL:/p; /^\/dev\//p" "$dir/console"
done
