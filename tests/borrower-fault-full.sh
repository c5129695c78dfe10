#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A lender has less room than it says: what does not fit is put elsewhere, and in two copies.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/faults.sh"
farm
for round in $(seq "$repeat"); do
    victim=$(holder "$round")
    fault_at "$victim" error ENOSPC write always
    # Its pages are there, but it takes none: a memory that was lost cannot come back to it.
    end_of "$victim" KILL
    lender_at "$victim"
    within 20 "lender $victim is full: two copies without it" whole_without "$victim"
    fault_at "$victim" calm
    within 20 'it has room again: two copies' whole
done
verdict 1000
redundant
