#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A lender vanishes without a word, its connection stays half open: others go on after the deadline at
# the latest, and get its copies. When it is back, its pages are not needed any more.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/faults.sh"
farm
for round in $(seq "$repeat"); do
    victim=$(holder "$round")
    fault_at "$victim" vanish
    within 20 "lender $victim vanished: two copies again" whole_without "$victim"
    fault_at "$victim" calm
    within 20 'it is back, and empty' whole
done
verdict $dead
redundant
