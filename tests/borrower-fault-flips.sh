#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Bits of requests and replies turn on the wire, of their numbers and lengths and of pages; and what the
# lender says it wrote, it did not.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/faults.sh"
farm
flips=0
# flip KIND request|reply BYTE...
flip() {
    kind=$1 side=$2
    shift 2
    for byte; do
        fault_at "$victim" flip "$kind" "$side" at "$byte"
        faults_are_over
        [ $spared = yes ] || flips=$((flips + 1))
    done
}
victim=$(holder 1) # of what is not found yet the other has the only good copy
for _ in $(seq "$repeat"); do
    # shellcheck disable=SC2046
    flip write request $(seq 0 27) 28 1000 4123
    flip read request $(seq 0 27)
    # shellcheck disable=SC2046
    flip read reply $(seq 0 15) 16 1000 4111
    flip write reply $(seq 0 15)
    fault_at "$victim" error 0 write times 20
    fault_at "$victim" flip read reply times 200
    fault_at "$victim" flip write request times 200
    faults_are_over
    wait_for 10 connected "$victim"
done
echo "$flips flips of named bytes"
[ $flips -ge 30 ] || fail "no more than that: lender $victim was left"
verdict $dead
copy all || fail 'a page cannot be read'
