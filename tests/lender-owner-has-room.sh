#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# However many readers there are, a pool's owner gets in, and its claim once more beside it;
# owners' further connections have an eighth of the room for themselves.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 4M --pool a=1M --pool b=1M --pool c=1M --max-connections 16 --max-per-address 15
raw <<'PY'
def full(name="a"):
    return refused(name) is not None

readers = [Conn("a") for _ in range(14)]
assert full() and full("b")
asking = [Conn().go("a", INFO) for _ in range(50)]
owner = Conn("b?claim=me")
owner.write(0, page(1))
stranger = refused("b?claim=another")
assert "too many" not in stranger[1], stranger
again = Conn("b?claim=me")
assert owner.closed() and again.read(0, PAGE) == page(1)
assert Conn("c?claim=me").error(WRITE, 0, PAGE, 0, page(2)) == 0
# One more of the owner, and that is all from this address.
further = Conn(again.name)
further.write(PAGE, page(3))
name = further.name
code, words = refused(name)
assert code == POLICY and "too many connections" in words, words
# The only one of its owner has room, too; and what was refused did not use the ticket up.
again.close()
further.close()
time.sleep(.2)
assert Conn(name).read(PAGE, PAGE) == page(3)
# The old readers are where they were.
assert all(r.read(0, 1) == b"\0" for r in readers)
readers.pop().close()
wait_for(lambda: not full())
PY
