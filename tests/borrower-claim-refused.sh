#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Two borrowers with the same configuration do not kill each other: the second
# is told who has the pool.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit nbdinfo
lender --lend 16M --pool a=8M
borrower "lender=127.0.0.1:$port"
nbdsh_at "nbd+unix:///?socket=$sock" <<'EOF'
h.pwrite(page(b"x"), 0)
EOF
if "$FARPAGE_BUILDDIR/run" nbdkit -f -U "$tmp/none" farpage "lender=127.0.0.1:$port" \
    --run true 2>"$tmp/err"; then
    fail "a second borrower got the pool"
fi
grep -q "is claimed, from 127.0.0.1:[0-9]*, since 20" "$tmp/err" ||
    fail "$(cat "$tmp/err")"
nbdsh_at "nbd+unix:///?socket=$sock" <<'EOF'
assert h.pread(4096, 0) == page(b"x")
EOF
