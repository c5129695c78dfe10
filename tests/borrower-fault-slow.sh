#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A lender is slow: its line carries little, its replies are late, or so slow that it is as good as
# gone.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/faults.sh"
farm
for round in $(seq "$repeat"); do
    for bytes in 1000000 100000 10000; do
        victim=$(holder "$round")
        fault_at "$victim" slow $bytes 1000
        fault_at "$victim" late 100 read times 5
        fault_at "$victim" late 700 write times 2
        faults_are_over
        within 20 "lender $victim was slow, $bytes bytes a second: two copies again" whole
    done
done
verdict $dead
redundant
