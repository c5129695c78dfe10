#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# With lender= they are in the lender, whichever way it is named.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit nbdinfo
lender --listen 127.0.0.1:0 --listen "unix:$tmp/lender.sock" --lend 64M --pool a=16M --pool b=16M
for where in "lender=127.0.0.1:$port pool=b" "127.0.0.1:$port" "lender=localhost:$port" \
    "lender=nbd://127.0.0.1:$port/b" "lender=unix:$tmp/lender.sock" \
    "lender=nbd+unix:///b?socket=$tmp/lender.sock"; do
    # shellcheck disable=SC2086
    borrower $where
    python3_nbd "$FARPAGE_SRCDIR/tests/borrower-model.py" "nbd+unix:///?socket=$sock" 2
    kill "$borrower_pid"
    wait "$borrower_pid" || fail "nbdkit ended with $?"
done
# An orderly end flushed the pages.
[ "$(used a) $(used b)" = "0 0" ] || fail "pages stayed behind: $(used a) $(used b)"
