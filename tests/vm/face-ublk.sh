#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A kernel asks the ublk face for pages. [KERNELS=6.12]
. "$FARPAGE_SRCDIR/tests/vm/boot.sh"

MEMORY_MIB=512
for KERNEL in ${KERNELS-6.12}; do
    vm_net
    vm_prepare
    mkdir -p "$dir/extra"
    cp "$cache/kernel-$KERNEL/more/ublk_drv.ko" "$dir/extra" || skip "kernel $KERNEL has no ublk"
    guest <<'EOT' || { cat "$dir/console"; fail "kernel $KERNEL"; }
serve() { # [OPTION...] PAGES: sets $pid
    ublkram "$@" >/tmp/log 2>&1 & pid=$!
    wait_for 20 started grep -q started /tmp/log
}
end() { # [SIGNAL]
    kill "-${1-TERM}" $pid
    wait $pid || fail "ublkram: $(cat /tmp/log)"
    cat /tmp/log
}
b=/dev/ublkb0

ublkram 1024 >/tmp/log && fail 'there is no module'
say "$(cat /tmp/log)"
insmod /run/ublk_drv.ko || fail insmod
say opening
ublkram -n 0 32768 & pid=$!
sleep 5
ls -l /dev/ublk*
dd if=/dev/urandom of=/tmp/data bs=1M count=16 2>/dev/null
dd if=/tmp/data of=$b bs=128k oflag=direct || fail write
kill -USR2 $pid
dd if=$b of=/tmp/back bs=4k count=4096 iflag=direct || fail read
kill -USR2 $pid
cmp /tmp/data /tmp/back || fail wrong
grep . /sys/block/ublkb0/queue/*
for t in /proc/*/task/*/comm; do grep iou-wrk $t; done
kill $pid
wait $pid || fail end
ls -l /dev/ublk*
EOT
done
