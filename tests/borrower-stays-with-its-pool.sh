#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A borrower that named no pool took the lender's first one. It stays with that one
# when another is the first after a restart, and takes nobody else's.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit nbdinfo
lender --lend 16M --pool a=8M --pool b=8M
first_port=$port
borrower "lender=127.0.0.1:$port"
nbdsh_at "nbd+unix:///?socket=$sock" <<'EOF'
h.pwrite(page(b"a"), 0)
EOF
kill -KILL "$lender_pid"
wait "$lender_pid" || true
lender --listen "127.0.0.1:$first_port" --lend 16M --pool b=8M --pool a=8M
nbdsh_at "nbd+unix:///?socket=$sock" <<'EOF'
h.pwrite(page(b"b"), 0)
assert h.pread(4096, 0) == page(b"b")
EOF
grep -q 'opens pool a,' "$tmp/lender.log" || fail "it did not come back to pool a"
! grep -q 'opens pool b,' "$tmp/lender.log" || fail "it took pool b"
