#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nbdfault makes nonsense of replies: their numbers, their length, replies to nobody.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 2M --pool a=1M
faults
raw <<'PY'
c = Conn("a?claim=me")
c.write(0, page(0))
fault("stray read")
cookie = c.send(READ, 0, PAGE)
assert struct.unpack(">IIQ", c.take(16)) == (0x67446698, 5, 2**64 - 1)
assert c.reply(PAGE, cookie) == page(0)
fault("cookie")
cookie = c.send(READ, 0, PAGE)
assert c.reply(PAGE, ~cookie % 2**64) == page(0)
fault("short at 116")
c.send(READ, 0, PAGE)
c.send(WRITE, PAGE, PAGE, 0, page(2))
assert c.reply(100) == page(0)[:100] and c.reply() == b""
fault("flip reply at 9")
cookie = c.send(READ, 0, PAGE)
got = struct.unpack(">IIQ", c.take(16))[2]
assert bin(got ^ cookie).count("1") == 1 and (got ^ cookie) >> 48, hex(got)
c.take(PAGE)
fault("magic")
c.send(READ, 0, PAGE)
assert c.take(4) == bytes(0xff ^ n for n in bytes.fromhex("67446698"))
c.take(12 + PAGE)
assert c.read(0, PAGE) == page(0)
PY
