#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Several programs read from farpage-front by ublk, one page at a time each: no request waits for a later one to wake
# the loop. [KERNELS=6.12]
. "$FARPAGE_SRCDIR/tests/vm/boot.sh"

MEMORY_MIB=512
for KERNEL in ${KERNELS-6.12}; do
    vm_net
    take_ublk || skip "kernel $KERNEL has no ublk"
    guest <<'EOT' || { cat "$dir/console"; fail "kernel $KERNEL"; }
serve_front size=32M realtime=false
dd if=/dev/urandom of=/tmp/data bs=1M count=32 2>/dev/null
dd if=/tmp/data of=$device bs=128k oflag=direct 2>/dev/null || fail write
readers=''
for n in 1 2 3 4 5 6; do
    timeout 60 dd if=$device of=/tmp/back$n bs=4k count=2000 iflag=direct 2>/dev/null & readers="$readers $!"
done
for reader in $readers; do wait "$reader" || fail 'a reader waits'; done
for n in 1 2 3 4 5 6; do cmp -n 8192000 /tmp/data /tmp/back$n || fail wrong; done
kill $nbdkit_pid
wait $nbdkit_pid || fail end
EOT
done
