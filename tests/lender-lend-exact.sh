#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Thin pools share what is lent, to the page: one more is ENOSPC, a page that
# is there can be put again, and a page that was trimmed makes room for one.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 96K --pool r=32K --pool a=1M,thin --pool b=1M,thin
raw "$lender_pid" <<'PY'
a, b, r = Conn("a"), Conn("b"), Conn("r")
for n in range(16):
    (a, b)[n % 2].write(n * PAGE, page(n))
for c in a, b:
    for n in 0, 1, 100, 255:
        if not (c is a and n == 0 or c is b and n == 1):
            assert c.error(WRITE, n * PAGE, 1, 0, b"x") == ENOSPC, n
            assert c.error(ZERO, n * PAGE, PAGE, NO_HOLE) == ENOSPC, n
            assert c.read(n * PAGE, PAGE) == bytes(PAGE), n
for n in range(8):          # what is reserved is not theirs
    r.write(n * PAGE, page(n, 9))
for n in range(16):
    (a, b)[n % 2].write(n * PAGE, page(n, 1))
b.trim(3 * PAGE, PAGE)
a.write(200 * PAGE, page(200))
assert b.error(WRITE, 3 * PAGE, PAGE, 0, page(3)) == ENOSPC
a.trim(0, MIB)
for n in range(8):
    b.write((100 + n) * PAGE, page(n))
assert b.error(WRITE, 99 * PAGE, PAGE, 0, page(3)) == 0, "9 of 9 pages"
assert b.error(WRITE, 98 * PAGE, PAGE, 0, page(3)) == ENOSPC
assert [int(Conn(x).about["used"]) // PAGE for x in "rab"] == [8, 0, 16]
with open("/proc/%s/status" % sys.argv[1]) as f:
    kib = next(int(x.split()[1]) for x in f if x.startswith("RssShmem"))
assert kib == 96, "96K are lent, %d KiB are used" % kib
PY
