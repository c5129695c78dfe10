#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A lender answers with another page, with an older one, with zeros, each in thousands and then always.
# None of it is believed; the other copy is, and what was wrong is put right.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/faults.sh"
farm
for round in $(seq "$repeat"); do
    victim=$(holder "$round")
    for what in swap replay zero flip; do
        fault_at "$victim" $what read reply times 300
        faults_are_over
    done
    fault_at "$victim" zero read reply always
    fault_at "$victim" replay read reply always
    sleep 1
    fault_at "$victim" calm
    within 20 "lender $victim is honest again: two copies" whole
done
verdict 500
redundant
