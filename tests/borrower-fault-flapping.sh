#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A lender comes and goes, all the time: its connection ends as soon as it is there, or it stands still
# again and again.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/faults.sh"
farm
for round in $(seq "$repeat"); do
    victim=$(holder "$round")
    for n in $(seq 20); do
        wait_for 10 connected "$victim"
        fault_at "$victim" drop
    done
    for n in $(seq 5); do
        kill -STOP "$(pid_of "$victim")"
        sleep 0.6
        kill -CONT "$(pid_of "$victim")"
        wait_for 10 connected "$victim"
    done
    within 20 "lender $victim came and went: two copies again" whole
done
verdict $dead
redundant
