#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A lender that is short of memory is left: its pages go to the others under load, and none
# is lost. Who asks the lenders does not disturb their owner, which is the same as before.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit nbdinfo
ram=$(all_ram)
lenders 2 --lend 256M --pool a=256M
common='listen = 127.0.0.1:0
lend = 256M
vacate-deadline = 1
pool = a=256M'
printf '%s\n' "$common" 'keep-free = 0' >"$tmp/lender.conf"
lender --config "$tmp/lender.conf"
borrower lender="127.0.0.1:$port1" lender="127.0.0.1:$port2" lender="127.0.0.1:$port" size=192M copies=2 heal-rate=1G
load --size 160M
has_pages() { [ "$(used a)" -gt 0 ]; }
wait_for 60 has_pages
reload "$common" "keep-free = $ram"
left() { [ "$(used a)" = 0 ]; }
wait_for 60 left
kill -USR1 "$lender_pid"
wait_for 10 grep -q 'memory: short.* vacated [1-9][0-9]*, dropped 0;' "$tmp/lender.log"
reload "$common" 'keep-free = 0'
wait_for 60 grep -q "memory: no shortage" "$tmp/lender.log"
load_was_well
[ "$(owner_came)" = 3 ] || fail "the owner came $(owner_came) times"
! warned lender || fail "$(cat "$tmp/borrower.log")"
