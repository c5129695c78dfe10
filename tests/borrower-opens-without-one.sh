#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# With the size given, one lender of two is enough to begin with; the other one has its
# copies as soon as it is there. Without it nobody knows how large the device is to be.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit nbdinfo
lender --lend 128M --pool p=128M
here=127.0.0.1:$port
away=unix:$tmp/away.sock
opens() {
    "$FARPAGE_BUILDDIR/run" nbdkit -U - farpage "lender=$here" "lender=$away" "$@" \
        --run true 2>"$tmp/words"
}
! opens || fail "opened without a size"
grep -q "cannot open the pool of lender $away" "$tmp/words" || fail "$(cat "$tmp/words")"
borrower "lender=$here" "lender=$away" size=64M
grep -q "warning: cannot open the pool of lender $away" "$tmp/borrower.log" ||
    fail "no warning: $(cat "$tmp/borrower.log")"
python3_nbd "$FARPAGE_SRCDIR/tests/borrower-model.py" "nbd+unix:///?socket=$sock" 1
kill "$borrower_pid"
wait "$borrower_pid" || fail "nbdkit ended with $?"
# But not more than the one that is there has room for.
! opens size=256M || fail "opened larger than the pool"
grep -q 'is more than the pools have room for' "$tmp/words" || fail "$(cat "$tmp/words")"
