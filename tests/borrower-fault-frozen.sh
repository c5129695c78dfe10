#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A lender stands still, for 0.1 s to 60 s (in the long test), and goes on where it was.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/faults.sh"
longest=3
[ "$repeat" -le 2 ] || longest=60
farm
for round in $(seq "$repeat"); do
    for seconds in 0.1 0.7 $longest; do
        victim=$(holder "$round")
        kill -STOP "$(pid_of "$victim")"
        sleep "$seconds"
        kill -CONT "$(pid_of "$victim")"
        within 20 "lender $victim stood still for $seconds s: two copies again" whole
    done
    longest=3
done
verdict $dead
redundant
