#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nbdfault does to a reply what it was told, and to that one only.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 2M --pool a=1M
faults
raw <<'PY'
def broken(c):
    try:
        c.take(1)
    except (EOFError, ConnectionError):
        return True

def conn():
    return Conn("a?claim=me")

c = conn()
c.write(0, page(0))

fault("cut reply 3 at 9")
assert c.read(0, PAGE) == page(0) and c.read(0, PAGE) == page(0)
c.send(READ, 0, PAGE)
assert c.take(9)[:4] == bytes.fromhex("67446698") and broken(c)

c = conn()
fault("cut request at 1000")
c.send(WRITE, PAGE, PAGE, 0, page(1))
assert broken(c)
c = conn()
assert c.read(PAGE, PAGE) == bytes(PAGE), "a part of a write landed"

fault("swallow write reply")
lost = c.send(WRITE, PAGE, PAGE, 0, page(1))
assert c.read(PAGE, PAGE) == page(1), "the reply to the write came"

fault("twice read reply")
cookie = c.send(READ, 0, PAGE)
assert c.reply(PAGE, cookie) == page(0) == c.reply(PAGE, cookie)
assert c.read(0, PAGE) == page(0)

for name, number in ("EIO", 5), ("ENOSPC", 28), ("ESHUTDOWN", 108):
    fault("error %s write" % name)
    assert c.error(WRITE, PAGE, PAGE, 0, page(2)) == number
    assert c.read(PAGE, PAGE) == page(1), "the lender heard of it"
fault("deny EIO write")
assert c.error(WRITE, PAGE, PAGE, 0, page(2)) == 5
assert c.read(PAGE, PAGE) == page(2), "the lender did not hear of it"
fault("deny EIO read times 2")
assert [c.error(READ, PAGE, PAGE) for n in range(3)] == [5, 5, 0]

t = time.monotonic()
fault("late 200 read")
assert c.read(0, PAGE) == page(0) and time.monotonic() - t >= 0.2
assert "waiting=0 done=11" in fault("status"), fault("status")
PY
