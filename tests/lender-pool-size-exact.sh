#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A reserved pool takes all of its pages, and not one byte more.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 100K --pool a=68K --pool b=32K
raw <<'PY'
a, b = Conn("a"), Conn("b")
assert (a.size, b.size) == (17 * PAGE, 8 * PAGE), (a.size, b.size)
for c, pages in (a, 17), (b, 8):
    for n in range(pages):
        c.write(n * PAGE, page(n, pages))
for c, pages in (a, 17), (b, 8):
    end = pages * PAGE
    for n in range(pages):
        assert c.read(n * PAGE, PAGE) == page(n, pages), n
    for offset, length in (end, 1), (end - 1, 2), (end, PAGE), (0, end + 1), (end + 1, 1):
        what = (offset, length)
        assert c.error(WRITE, offset, length, 0, bytes(length)) == ENOSPC, what
        assert c.error(TRIM, offset, length) == EINVAL, what
        assert c.error(ZERO, offset, length) == ENOSPC, what
        assert c.error(READ, offset, length) == EINVAL, what
        assert c.error(CACHE, offset, length) == EINVAL, what
    assert c.read(end - 1, 1) == page(pages - 1, pages)[-1:]
    for n in range(pages):
        assert c.read(n * PAGE, PAGE) == page(n, pages), n
PY
