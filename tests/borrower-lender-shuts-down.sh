#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A lender that says ESHUTDOWN has not carried a request out, and will be back: its link is taken
# for cut, and what was asked is asked again. No error reaches anybody, also with one lender only.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit nbdinfo
lender --lend 32M --pool a=16M
faults
borrower "lender=127.0.0.1:$port"
nbdsh_at "nbd+unix:///?socket=$sock" <<'PY'
h.pwrite(page(b"a") + page(b"b"), 0)
PY
for what in read write; do
    for times in 1 3; do
        fault "error ESHUTDOWN $what times $times"
        nbdsh_at "nbd+unix:///?socket=$sock" <<'PY' || fail "ESHUTDOWN for a $what, $times times"
h.pwrite(page(b"c"), 4096)
assert h.pread(8192, 0) == page(b"a") + page(b"c")
h.pwrite(page(b"b"), 4096)
assert h.pread(8192, 0) == page(b"a") + page(b"b")
PY
    done
done
owner_comes=$(grep -c 'opens pool a.*as its owner' "$tmp/lender.log")
[ "$owner_comes" -ge 5 ] || fail "it came back $owner_comes times"
