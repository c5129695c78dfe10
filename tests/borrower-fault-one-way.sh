#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Nothing comes to a lender, or nothing comes from it, or neither, for a moment or for good, and later
# all of it arrives at once.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/faults.sh"
farm
for round in $(seq "$repeat"); do
    for way in request reply ''; do
        victim=$(holder "$round")
        fault_at "$victim" freeze 800 $way
        wait_for 10 connected "$victim"
        fault_at "$victim" freeze $way
        within 20 "lender $victim frozen${way:+, ${way}s only}: two copies again" whole_without "$victim"
        fault_at "$victim" calm
        within 20 'it is back, and empty' whole
    done
done
verdict $dead
redundant
