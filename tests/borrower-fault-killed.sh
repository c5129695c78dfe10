#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A lender is killed: what waits for it goes on at once with the other copy, and the third lender gets
# the copies that are missing. The killed one begins anew, empty, and may be used again.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/faults.sh"
farm
for round in $(seq "$repeat"); do
    victim=$(holder "$round")
    end_of "$victim" KILL
    within 20 "lender $victim killed: two copies again" whole
    lender_at "$victim"
    wait_for 10 connected "$victim"
done
verdict 500
redundant
