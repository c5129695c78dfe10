#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Each command and flag does what NBD says, and what is no command or flag of
# it is refused, and nothing done.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 1M --pool a=1M
raw <<'PY'
c = Conn("a")
HAS_FLAGS, SEND_FLUSH, SEND_FUA, SEND_TRIM, SEND_ZERO, SEND_CACHE = 1, 4, 8, 32, 64, 1024
SEND_FAST_ZERO, ENOTSUP = 2048, 95
assert c.flags == (HAS_FLAGS | SEND_FLUSH | SEND_FUA | SEND_TRIM | SEND_ZERO |
                   SEND_CACHE | SEND_FAST_ZERO | FLAG_MULTI_CONN), bin(c.flags)
used = lambda: int(Conn("a").about["used"]) // PAGE
assert used() == 0
c.write(0, page(0), FUA)
c.write(PAGE, page(1))
c.ask(FLUSH)
c.ask(FLUSH, 0, 0, FUA)
c.ask(CACHE, 0, MIB)
assert used() == 2, "CACHE put pages"
c.ask(READ, 0, PAGE, FUA)
c.ask(TRIM, 0, PAGE, FUA)
assert c.read(0, 2 * PAGE) == bytes(PAGE) + page(1) and used() == 1
c.ask(ZERO, PAGE, PAGE, FUA)
assert c.read(0, 2 * PAGE) == bytes(2 * PAGE) and used() == 0
c.ask(ZERO, 3, 3 * PAGE, FUA | NO_HOLE)
assert c.read(0, 4 * PAGE) == bytes(4 * PAGE) and used() == 4, "NO_HOLE left holes"
c.ask(ZERO, 0, MIB, FAST_ZERO)
assert used() == 0
assert c.error(ZERO, 0, MIB, FAST_ZERO | NO_HOLE) == ENOTSUP and used() == 0, "that is not fast"

c.write(0, page(0))
for what, request in {
        "an unknown flag": (WRITE, 0, PAGE, 1 << 15, page(9)),
        "NO_HOLE of a WRITE": (WRITE, 0, PAGE, NO_HOLE, page(9)),
        "NO_HOLE of a TRIM": (TRIM, 0, PAGE, NO_HOLE),
        "FAST_ZERO of a TRIM": (TRIM, 0, PAGE, FAST_ZERO),
        "DF of a READ": (READ, 0, PAGE, 4),
        "BLOCK_STATUS": (7, 0, PAGE),
        "RESIZE": (8, 0, 0),
        "an unknown command": (65535, 0, PAGE),
        "an empty READ": (READ, 0, 0),
        "an empty WRITE": (WRITE, 0, 0),
        "an empty TRIM": (TRIM, 0, 0),
        "an empty WRITE_ZEROES": (ZERO, 0, 0),
        "FLUSH with an offset": (FLUSH, 1, 0)}.items():
    assert c.error(*request) == EINVAL, what
    assert c.read(0, PAGE) == page(0), what + " was carried out"
assert used() == 1
PY
