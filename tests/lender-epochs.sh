#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Each claim raises the epoch, and tells a name by which one further connection joins it;
# so does that one. A used one is refused, an older one, and NAME@EPOCH, for ever.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --threads 2 --lend 2M --pool first=1M --pool a=1M
raw <<'PY'
before = Conn("a")
assert before.name == "a", before.name
code, words = refused("a@%d" % before.epoch)
assert code == POLICY, (code, words)        # nobody has claimed it yet
def told(c, pool="a"):
    """The name that it was told, once."""
    assert c.name.startswith("%s@%d." % (pool, c.epoch)) and len(c.name.split(".")[1]) == 32, c.name
    assert c.name not in names
    names.append(c.name)
    return c.name
names, epochs = [], []
for i in range(30):
    c = Conn("a?claim=%s" % "xy"[i % 2] + "&force")
    assert c.about["incarnation"] == before.about["incarnation"], "memory was not lost"
    assert not epochs or c.epoch > epochs[-1], (c.epoch, epochs)
    assert c.epoch > before.epoch
    old = names[:]
    Conn().go(told(c), INFO)
    joined = Conn(c.name)
    assert joined.epoch == c.epoch
    told(joined)
    joined.write(0, page(i))
    assert c.read(0, PAGE) == page(i)
    c.write(0, page(i, 1))
    assert joined.read(0, PAGE) == page(i, 1)
    for name in old + [c.name]:
        code, words = refused(name)
        assert code == POLICY and "void" in words and "claim" in words, (code, words)
    epochs.append(c.epoch)
    c.close()
    if i % 3:                # refused also when nobody is there
        joined.close()
for epoch in epochs + [epochs[-1] + 1, 0, 1, 2 ** 64 - 1]:
    code, words = refused("a@%d" % epoch)
    assert code == POLICY and "NAME@EPOCH.TICKET" in words, words
    assert refused("a@%d.%032x" % (epoch, 0))[0] == POLICY, epoch
assert refused(names[-1].replace("a@", "first@"))[0] == POLICY, "another pool's"
assert Conn(names[-1]).read(0, PAGE) == page(29, 1)
# The empty name is the first pool.
c = Conn("?claim=me")
assert told(Conn(told(c, "first").replace("first", "")), "first")
PY
