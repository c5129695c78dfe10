#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# copies=2 with one lender at first: the second copies are made when another one is in the file. Where
# none can come, it is refused.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit nbdinfo
lenders 2 --lend 64M --pool a=64M
if "$FARPAGE_BUILDDIR/run" nbdkit -U - farpage "lender=127.0.0.1:$port1" copies=2 --run true 2>"$tmp/words"; then
    fail 'taken, and nobody can come'
fi
grep -q 'copies=2: .*1 is given.*lenders=FILE' "$tmp/words" || fail "$(cat "$tmp/words")"

list "127.0.0.1:$port1"
borrower lenders="$tmp/lenders" copies=2
nbdsh_at "nbd+unix:///?socket=$sock" <<'PY'
assert h.get_size() == 64 << 20
for i in range(256):
    h.pwrite(page(b"%c" % (65 + i % 26)), i * 4096)
PY
list "127.0.0.1:$port1" "127.0.0.1:$port2"
has_all() { [ "$(used_at "$port2" a)" = 1048576 ]; }
wait_for 40 has_all
kill -KILL "$pid1"
nbdsh_at "nbd+unix:///?socket=$sock" <<'PY'
for i in range(256):
    assert h.pread(4096, i * 4096) == page(b"%c" % (65 + i % 26))
PY
