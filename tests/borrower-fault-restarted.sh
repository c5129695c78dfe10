#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A lender that keeps its pages ends, or is killed, and is started anew: its copies are used again.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/faults.sh"
on_tmpfs
farm
for round in $(seq "$repeat"); do
    for how in TERM KILL; do
        victim=$(holder "$round")
        end_of "$victim" $how
        lender_at "$victim"
        [ "$(kept "$victim")" -gt 0 ] || fail "it did not keep its pages"
        wait_for 10 connected "$victim"
        within 10 "lender $victim started anew after SIG$how: two copies" whole
    done
done
verdict 500
redundant
