#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The kernel connects no device that some process has open: the next one is taken. Where that one is
# asked for by name, or there is no other, it is said who has it.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/units-host.sh"
device_of() { cut -d' ' -f1 "/run/farpage/$1.device"; }
# By O_PATH: there is no driver behind these.
hold() { # device
    # Not by a function: its number must be the process'.
    /usr/bin/python3 -c 'import os, signal, sys
os.open(sys.argv[1], os.O_PATH)
print("held", flush=True)
signal.pause()' "$1" >"$tmp/held" &
    holder=$!
    cleanup "kill $holder 2>/dev/null; wait $holder 2>/dev/null"
    wait_for 10 grep -q held "$tmp/held"
}

farpage_swap attach free LENDER=lender || fail "$words"
[ "$(device_of free)" = /dev/nbd0 ] || fail "not the first: $(device_of free)"
farpage_swap detach free || fail "$words"

hold /dev/nbd0
first=$holder
farpage_swap attach next LENDER=lender || fail "$words"
[ "$(device_of next)" = /dev/nbd1 ] || fail "not the next: $(device_of next)"
farpage_swap detach next || fail "$words"

! farpage_swap attach named LENDER=lender DEVICE=/dev/nbd0 || fail 'it took a device that is held'
case $words in
*"/dev/nbd0 is held open by process $first"*) ;;
*) fail "$words" ;;
esac
hold /dev/nbd1
! farpage_swap attach none LENDER=lender || fail 'it took a device that is held'
case $words in
*"no nbd device is free"*"/dev/nbd0 is held open by process $first; /dev/nbd1 is held open by process $holder"*) ;;
*) fail "$words" ;;
esac
