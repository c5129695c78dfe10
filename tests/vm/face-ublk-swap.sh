#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A kernel swaps onto the ublk face, because a cgroup has less memory than the processes in it: no page is wrong, and the
# face's thread takes no memory meanwhile, not even within the kernel. It does not go while the kernel swaps there.
# [KERNELS=6.12] [FULL=yes: the full kernel too]
. "$FARPAGE_SRCDIR/tests/vm/boot.sh"

[ -e "$cache/ublkram" ] || skip 'built without liburing'
MEMORY_MIB=512
for KERNEL in ${KERNELS-6.12${FULL:+ 6.12-full}}; do
    vm_prepare
    vm_net
    mkdir -p "$dir/extra"
    cp "$cache/kernel-$KERNEL/more/ublk_drv.ko" "$dir/extra" || skip "kernel $KERNEL has no ublk"
    guest <<'EOT' || { cat "$dir/console"; fail "kernel $KERNEL"; }
b=/dev/ublkb0 trace=/sys/kernel/tracing
told() { grep -q "$1" /tmp/log; }
traced() { grep -c '^ .*\] ..\.' $trace/trace; } # not what comes as an interrupt
out() { awk '$1 == "pswpout" { print $2 }' /proc/vmstat; }
squeeze() { sh -c 'echo $$ >/sys/fs/cgroup/s/cgroup.procs; exec swapcheck --processes 2 --size 64M --passes fF --hang 60' || fail swapcheck; }
insmod /run/ublk_drv.ko || fail insmod
mount -t cgroup2 cgroup /sys/fs/cgroup && echo +memory >/sys/fs/cgroup/cgroup.subtree_control && mkdir /sys/fs/cgroup/s || fail cgroup
mount -t tracefs trace $trace || fail tracefs
echo 24M >/sys/fs/cgroup/s/memory.max
sysctl -q "vm.page-cluster=$cluster"

for event in kmalloc kmem_cache_alloc mm_page_alloc; do echo 1 >$trace/events/kmem/$event/enable; done
for late in 0 8; do
    echo >$trace/set_event_pid
    [ "$(traced)" -gt 0 ] || fail 'nothing is traced'
    rm -f /tmp/log
    ublkram -n 0 -l "$late" 32768 >/tmp/log 2>&1 & pid=$!
    wait_for 30 started told started
    mkswap $b >/dev/null && swapon --discard $b || fail swapon
    echo $pid >$trace/set_event_pid
    echo >$trace/trace
    before=$(out)
    squeeze
    [ $(($(out) - before)) -ge 10000 ] || fail "hardly anything was swapped out: $(($(out) - before)) pages"
    [ "$(traced)" = 0 ] || { sort $trace/trace | head -40; fail "it took memory $(traced) times"; }
    kill -USR2 $pid
    kill $pid
    wait_for 10 refusal told "refused: $b is in use: the kernel swaps there"
    grep -l iou-wrk /proc/[0-9]*/task/*/comm 2>/dev/null && fail 'there is a worker of io_uring'
    swapoff $b || fail swapoff
    kill $pid
    wait $pid || fail "ublkram: $(cat /tmp/log)"
    say "answered within $late ms: $(($(out) - before)) pages out, $(grep requests= /tmp/log)"
done
EOT
    grep -E '^(guest|swapcheck): ' "$dir/console"
done
