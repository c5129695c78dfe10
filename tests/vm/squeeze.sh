#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# squeeze.sh: [BOOTS=1] [KERNELS=6.12] [CARDS=virtio-net-pci] [MEMORIES=128] [RECIPES=8192] [RESULTS=FILE]
#             [FULL=yes: kernel 6.1 too, and an e1000e, and 256 MiB]
# The direct wiring under a load that hangs a host with the kernel's own settings: 32 processes share a
# set of twice the RAM and are interrupted by signals, requests are large, a socket may have as much under
# way as in a host of 4 GiB, others send packets, and the host is loaded: two busy loops beside QEMU. Twice
# in a boot, with swapoff and swapon in between. A boot is lost when nobody makes progress for 30 s, when a
# page is wrong, or when a process is killed.
#
# RECIPES: none, the kernel's own settings; a number, what docs/zero-memory.md says, with so many
# vm.min_free_kbytes; or reserve, 8192 of them and nothing else. A boot is a line in RESULTS; those that are
# there are not done again, so a series can be stopped and resumed. Cards other than virtio's need a full kernel.
. "$FARPAGE_SRCDIR/tests/vm/boot.sh"
. "$FARPAGE_SRCDIR/tests/vm/series.sh"

BOOT_SECONDS=600

one_boot() { # number
    wire direct 2G
    [ -n "$in_net" ] || skip 'needs a network namespace'
    load_host
    start python3 "$vm/noise.py" 10.0.2.15 "${NOISE-20000}" "$BOOT_SECONDS"
    guest <<'EOT'
sysctl -q net.ipv4.tcp_wmem='4096 16384 4194304' net.ipv4.tcp_rmem='4096 131072 6291456'
attach
say "min_free_kbytes=$(cat /proc/sys/vm/min_free_kbytes)"
sysctl -q vm.page-cluster=5
for _ in 1 2; do
    first=all
    swap_farpage
    swapcheck --processes 32 --size "$size" --passes fF --signals 50 --silence 30 --on-hang 9mtb ||
        fail swapcheck
    swapoff /dev/nbd0 || fail swapoff
done
EOT
    record "$key $1"
}

series() { # recipe memory card kernel
    recipe=$1 min_free_kib=$1 scheduler=none boost=0 MEMORY_MIB=$2 CARD=$3 KERNEL=$4 size=$(($2 * 2))M
    case $1 in
        none) min_free_kib='' scheduler='' boost='' ;;
        reserve) min_free_kib=8192 scheduler='' boost='' ;;
    esac
    [ "$CARD" = virtio-net-pci ] || KERNEL=$4-full
    vm_prepare
    key="$(sed 's/linux-image-//' "$cache/kernel-$KERNEL/package") $CARD $MEMORY_MIB MiB $recipe"
    for boot in $(seq "${BOOTS-1}"); do
        recorded "$key $boot" || one_boot "$boot"
    done
}

for recipe in ${RECIPES-8192}; do
    for memory in ${MEMORIES-128${FULL:+ 256}}; do
        for card in ${CARDS-virtio-net-pci${FULL:+ e1000e}}; do
            for line in ${KERNELS-6.12${FULL:+ 6.1}}; do series "$recipe" "$memory" "$card" "$line"; done
        done
    done
done
[ $lost = 0 ] || fail "$lost lost"
