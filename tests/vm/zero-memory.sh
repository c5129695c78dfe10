#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# zero-memory.sh: [BOOTS=1] [WIRINGS=plugin] [KERNELS=6.12] [FULL=yes]
# A guest of 128 MiB swaps a working set of 288 MiB (FULL: 400) out and in, in each wiring and with no other swap:
# it survives, no page is wrong, and nothing waits longer than 10 s. One line a boot; where the guest
# has an nbdkit, with what that has locked. With FULL=yes also direct, which squeeze.sh tests harder, gateway, which
# is the same to the guest, and plugin-tls, for which encryption that is itself emulated takes long.
. "$FARPAGE_SRCDIR/tests/vm/boot.sh"

size=${SIZE:-${FULL:+400M}} passes=${PASSES-fF} limit=${HANG-30}
size=${size:-288M}
# Records are 24 bytes a page, by extents of 64 MiB, and four extents' are ready ahead.
lost=0 locked_max_kib=$((36 * 1024 + (${size%M} / 64 + 5) * 384))

one_boot() {
    wire "$w" 1G
    guest <<'EOT'
attach
swap_farpage
swapcheck --size "$size" --passes "$passes" --hang "$limit" --on-hang 9mtb || fail swapcheck
say_memory
EOT
    survived=$?
    verdict=survived
    [ "$survived" = 0 ] || verdict=LOST
    [ "$(result stall_ms)" -le 10000 ] || verdict="LOST (stall)"
    locked=$(said locked)
    [ "${locked:-0}" -le $locked_max_kib ] || verdict="LOST (locked)"
    printf '%-10s %-5s %3s  %-8s  %7s pages, %s wrong, stall %5s ms, %5s s%s\n' "$wiring" "$KERNEL" "$boot" \
        "$verdict" "$(result checked)" "$(result wrong)" "$(result stall_ms)" "$(result seconds)" \
        "${locked:+, locked $locked KiB}"
    [ "$verdict" = survived ] || { lost=$((lost + 1)) && cp "$dir/console" "$dir/console-$w-$KERNEL-$boot"; }
}

for KERNEL in ${KERNELS-6.12}; do
    for w in ${WIRINGS-plugin ${FULL:+direct gateway plugin-tls}}; do
        for boot in $(seq "${BOOTS-1}"); do one_boot; done
    done
done
[ $lost = 0 ] || fail "$lost lost"
