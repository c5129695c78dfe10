#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The network between a kernel that is attached directly and its lender is down for a while, at either end,
# with pages out and requests under way: it goes on, no page is wrong, and nobody dies. One line each with
# how long after the network was back. [SECONDS_DOWN=20] [KERNELS=6.12] [FULL=yes: 60 s and 5 min too]
. "$FARPAGE_SRCDIR/tests/vm/boot.sh"

given="$given|down|end"
# shellcheck disable=SC2317 # the guest calls these; it has no memory to do such things itself
lender_cut() { # seconds
    $in_net ip link set tap0 down
    sleep "$1"
    $in_net ip link set tap0 up
    echo back
}
# shellcheck disable=SC2317
borrower_cut() { # seconds
    monitor set_link net off
    sleep "$1"
    monitor set_link net on
    echo back
}
# shellcheck disable=SC2317
monitor() { echo "$*" | socat - "unix-connect:$dir/monitor" >/dev/null; }
requires socat

one_boot() { # the end that is cut, seconds
    down=$2
    wire direct 1G
    [ -n "$in_net" ] || skip 'needs a network namespace'
    end=$1
    guest <<'EOT' || { cat "$dir/console"; fail "kernel $KERNEL, $end cut for $down s"; }
attach
swap_farpage
sysctl -q net.ipv4.tcp_retries2=255
swapcheck --processes 8 --size 256M --passes fF --rounds 100 --time $((down + 15)) --hang $((down + 130)) --on-hang 9mtb & check=$!
used() { [ "$(swap_used_kib /dev/nbd0)" -gt 100000 ]; }
wait_for 60 'pages to be out' used
[ "$(host "${end}_cut" "$down")" = back ] || fail "the $end was not cut"
wait $check || fail swapcheck
EOT
    stall=$(result stall_ms)
    [ "$stall" -ge $((down * 1000 - 1000)) ] || fail "nothing was under way when $end was cut: stall $stall ms"
    grep -q 'silent' "$dir/farpaged.log" || fail 'the lender does not say that it was silent'
    printf '%s, %s cut for %s s: %s pages checked, %s wrong, goes on %s ms after\n' "$KERNEL" "$end" "$down" \
        "$(result checked)" "$(result wrong)" $((stall - down * 1000))
}

for KERNEL in ${KERNELS-6.12}; do
    for seconds in ${SECONDS_DOWN-20 ${FULL:+60 300}}; do
        for end in lender borrower; do one_boot $end "$seconds"; done
    done
done
