#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What cannot be in a .swap.env is refused in words, with the status that the unit does not start
# again for, and before anything is connected.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/units-host.sh"
wrong() { # NAME=VALUE...
    farpage_swap attach x LENDER=lender "$@" || :
    [ "$swap_status" = 2 ] || fail "$*: status $swap_status, $words"
    # shellcheck disable=SC2254
    case $words in
    *": write "*) ;;
    *) fail "$*: $words" ;;
    esac
}
for priority in 32768 100000 99999999999999999999 -1 +5 5x 0x10; do wrong "PRIORITY=$priority"; done
for device in nbd0 0 /dev/vda /dev/nbd /dev/nbd0p1 /dev/nbd99999999999; do wrong "DEVICE=$device"; done
for pool in 'a?b' 'a b' "$(printf '%065d' 0)"; do wrong "POOL=$pool"; done
for lender in unix:relative/path unix: host:0 host:65536 host:1x :10809 '[::1]:99999'; do
    wrong "LENDER=$lender"
done
[ ! -e "$calls" ] || fail "something was called: $(cat "$calls")"

for priority in 0 32767; do
    farpage_swap attach x LENDER=lender "PRIORITY=$priority" || fail "$priority: $words"
    grep -q "^swapon -p $priority " "$calls" || fail "$(cat "$calls")"
    farpage_swap detach x || fail "$words"
done
farpage_swap attach x LENDER=lender || fail "$words"
grep -q '^swapon -p 50 ' "$calls" || fail "not 50: $(cat "$calls")"
