#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Processes that swap get signals while the lender is stopped again and again: what they send waits for room, is
# interrupted, and goes on. No page is wrong and the device lives. [KERNELS=6.12] [CARDS=e1000e] [SCHEDULERS=none]
# [BOOTS=1] [FULL=yes: 6.1 too, and a virtio card] With SCHEDULERS=mq-deadline kernels before 6.14 lose the device.
# Full kernels: Debian's cloud kernels have no scheduler.
. "$FARPAGE_SRCDIR/tests/vm/boot.sh"

BOOT_SECONDS=240
lost=0

stumble() {
    while sleep 0.5; do
        kill -STOP "$(cat "$dir/lender.pid")"
        sleep 0.4
        kill -CONT "$(cat "$dir/lender.pid")"
    done
}

one_boot() {
    wire direct 1G
    stumble &
    pids="$! $pids"
    guest <<'EOT' && verdict=survived || verdict=LOST
sysctl -q net.ipv4.tcp_wmem='4096 16384 4194304' vm.page-cluster=5
attach
grep -q "\[$scheduler\]" /sys/block/nbd0/queue/scheduler || fail "scheduler: $(cat /sys/block/nbd0/queue/scheduler)"
swap_farpage
swapcheck --processes 16 --size 256M --passes fF --signals 200 --silence 60 || fail swapcheck
EOT
    grep -m 1 'block nbd0: .* reply' "$dir/console"
    printf '%s, %s, %s: %s, %s pages checked, %s wrong\n' "$KERNEL" "$CARD" "$scheduler" "$verdict" \
        "$(result checked)" "$(result wrong)"
    [ "$verdict" = survived ] || { lost=$((lost + 1)); cp "$dir/console" "$dir/console-$lost"; }
}

for line in ${KERNELS-6.12${FULL:+ 6.1}}; do
    KERNEL=$line-full
    vm_prepare
    for CARD in ${CARDS-e1000e${FULL:+ virtio-net-pci}}; do
        for scheduler in ${SCHEDULERS-none}; do
            for _ in $(seq "${BOOTS-1}"); do one_boot; done
        done
    done
done
[ $lost = 0 ] || fail "$lost lost"
