#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A lender is started anew, empty, sooner than anybody could have noticed but by its incarnation: no
# zeros are taken for pages, and it gets its copies again.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/faults.sh"
farm
for round in $(seq "$repeat"); do
    victim=$(holder "$round")
    end_of "$victim" KILL
    lender_at "$victim"
    within 20 "lender $victim lost its memory: two copies again" whole
done
verdict 500
redundant
