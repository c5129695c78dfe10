#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# All lenders are gone for longer than the deadline: EIO, in time, and never a wrong byte. When they are
# back, with their pages or without, all goes on; what was there is there.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/faults.sh"
on_tmpfs
farm
for _ in $(seq "$repeat"); do
    all_at refuse
    all_at drop
    sleep $((2 * deadline / 1000))
    all_at calm
    wait_for 10 all_connected
    for i in 1 2 3; do end_of $i KILL; done
    sleep 0.3 # less than the deadline
    for i in 1 2 3; do lender_at $i; done
    wait_for 10 all_connected
    within 20 'all gone, and back with their pages: two copies' whole
done
verdict $((deadline + 1000)) errors
jq -e '.read_errors + .write_errors > 0' "$tmp/report" >"$tmp/said" || fail 'nothing was gone'
load # no page stays lost once it is put
verdict 500
redundant
# And all of them are empty.
for i in 1 2 3; do
    end_of $i KILL
    rm -r "${state:?}/$i"
    lender_at $i
done
wait_for 10 all_connected
! copy zeros || fail 'it read what no lender has any more'
load
verdict 500
redundant
