#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Replies to nobody, replies twice, never, too short, with numbers that make no sense, with errors that
# nobody asked for.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/faults.sh"
farm
for round in $(seq "$repeat"); do
    victim=$(holder "$round")
    for what in magic cookie stray twice swallow; do
        for kind in read write; do
            for n in 1 2 7; do
                fault_at "$victim" $what $kind reply "$n"
                faults_are_over
            done
        done
    done
    for n in 16 17 1000 4095; do
        fault_at "$victim" short read reply at "$n"
        faults_are_over
    done
    wait_for 10 connected "$victim"
    within 20 "lender $victim makes sense again: two copies" whole
done
verdict $dead
redundant
