#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The borrower is killed and started anew in the middle of all: who was connected to the one before is
# refused by name, and the new one has no page of it, on any lender.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/faults.sh"
farm
for _ in $(seq "$repeat"); do
    name=$(nbdinfo --list --json "nbd+unix:///?socket=$sock" | jq -r '.exports[0]."export-name"')
    kill -KILL "$borrower_pid"
    wait "$borrower_pid" || true
    wait "$load_pid" && fail 'the load did not notice'
    borrow
    if nbdinfo --size "nbd+unix:///$name?socket=$sock" 2>"$tmp/refused"; then
        fail 'the successor took the name of the one before'
    fi
    copy all
    tr -d '\000' <"$tmp/all" | cmp - /dev/null || fail 'a page of the one before'
    for i in 1 2 3; do [ "$(kept $i)" = 0 ] || fail "lender $i has pages of the one before"; done
    load
done
verdict 500
redundant
