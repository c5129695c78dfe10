#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The lender ended and came back empty: pages that were put answer EIO, never
# zeros; others are zeros; new puts work; a lost page that is flushed is zeros.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit nbdinfo
lender --lend 16M --pool a=8M
first_port=$port
borrower "lender=127.0.0.1:$port"
nbdsh_at "nbd+unix:///?socket=$sock" <<'EOF'
h.pwrite(2 * page(b"a"), 0)
EOF
kill -KILL "$lender_pid"
wait "$lender_pid" || true
lender --listen "127.0.0.1:$first_port" --lend 16M --pool a=8M
nbdsh_at "nbd+unix:///?socket=$sock" <<'EOF'
for offset in (0, 4096):
    try:
        h.pread(4096, offset)
        raise SystemExit("a page came back from memory that was lost")
    except nbd.Error as e:
        assert e.errnum == 5, e
assert h.pread(4096, 8192) == bytes(4096)
h.pwrite(page(b"b"), 0)
assert h.pread(4096, 0) == page(b"b")
h.trim(4096, 4096)
assert h.pread(8192, 0) == page(b"b") + bytes(4096)
EOF
