#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Requests of 32 MiB, as the lender promises; one byte more is refused, and
# does no harm.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 160M --pool a=160M
raw <<'PY'
big = 32 * MIB
c, other = Conn("a"), Conn("a")
data = [random.randbytes(big) for _ in range(4)]
at = [1 + i * (big + 77) for i in range(4)]
for i in range(4):
    c.write(at[i], data[i])
for i in range(4):
    assert other.read(at[i], big) == data[i], i
# All four at once.
for i in range(4):
    c.send(WRITE, at[i], big, 0, data[3 - i])
for i in range(4):
    c.reply()
cookies = [c.send(READ, at[i], big) for i in range(4)]
for i in range(4):
    assert c.reply(big, cookies[i]) == data[3 - i], i
# Too large a READ says so; no answer is right for too large a WRITE.
assert c.error(READ, 0, big + 1) == EINVAL
assert c.error(READ, 0, 2 ** 32 - 1) == EINVAL
assert c.read(at[0], PAGE) == data[3][:PAGE]
for length in big + 1, 2 ** 32 - 1:
    c = Conn("a")
    try:
        c.send(WRITE, 0, length, 0, data[0])
        assert c.closed()
    except ConnectionError:
        pass                # it hung up before it had all of it
    assert other.read(at[0], big) == data[3]
# Erasing has no limit but the pool's.
c = Conn("a")
c.trim(0, 160 * MIB)
assert c.read(at[2], big) == bytes(big)
PY
