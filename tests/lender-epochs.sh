#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Each claim raises the epoch; NAME@EPOCH joins the newest one only, and an
# older one is refused for ever.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --threads 2 --lend 2M --pool first=1M --pool a=1M
raw <<'PY'
before = Conn("a")
assert before.name == "a", before.name
code, words = refused("a@%d" % before.epoch)
assert code == POLICY, (code, words)        # nobody has claimed it yet
epochs = []
for i in range(30):
    c = Conn("a?claim=%s" % "xy"[i % 2] + "&force")
    assert c.name == "a@%d" % c.epoch, (c.name, c.epoch)
    assert c.about["incarnation"] == before.about["incarnation"], "memory was not lost"
    assert not epochs or c.epoch > epochs[-1], (c.epoch, epochs)
    assert c.epoch > before.epoch
    joined = Conn(c.name)
    assert joined.name == c.name and joined.epoch == c.epoch
    joined.write(0, page(i))
    assert c.read(0, PAGE) == page(i)
    c.write(0, page(i, 1))
    assert joined.read(0, PAGE) == page(i, 1)
    for old in epochs:
        code, words = refused("a@%d" % old)
        assert code == POLICY and str(old) in words and "claim" in words, (code, words)
    epochs.append(c.epoch)
    c.close()
    if i % 3:                # refused also when nobody is there
        joined.close()
for other in epochs[-1] + 1, 0, 1, 2 ** 64 - 1:
    assert refused("a@%d" % other)[0] == POLICY, other
assert refused("first@%d" % epochs[-1])[0] == POLICY, "another pool's epoch"
assert Conn("a@%d" % epochs[-1]).read(0, PAGE) == page(29, 1)
# The empty name is the first pool.
c = Conn("?claim=me")
assert c.name == "first@%d" % c.epoch and Conn("@%d" % c.epoch).name == c.name
PY
