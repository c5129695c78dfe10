#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A lender says that it has less room than it has, or more, another memory, nothing at all; it refuses
# with one error after another. Its copies are made elsewhere, or again.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/faults.sh"
farm
# lie WORDS: until it was told once, or more often when it is not believed.
lie() {
    fault_at "$victim" announce "$1"
    fault_at "$victim" late 1 option reply 3
    fault_at "$victim" drop
    fault_at "$victim" wait
    fault_at "$victim" calm
    wait_for 10 connected "$victim"
}
for round in $(seq "$repeat"); do
    victim=$(holder "$round")
    for what in size=0 size=4096 size=18446744073709547520 flags=0 flags=2 flags=65535 nothing; do
        lie $what
    done
    within 20 "lender $victim says the truth again: two copies" whole
    for what in incarnation=0 epoch=0 used=none; do
        lie $what
    done
    within 20 "and its memory is the same: two copies" whole
    for error in EIO EPERM ENOMEM EINVAL ENOSPC ENOTSUP ESHUTDOWN 75 4294967295; do
        [ "$(kept "$victim")" != 0 ] || victim=$(holder "$round")
        fault_at "$victim" error $error write times 2 # after ENOSPC it is left alone for a second
        fault_at "$victim" error $error read times 30
        faults_are_over
    done
    within 20 'it no longer refuses: two copies' whole
done
verdict $dead
redundant
