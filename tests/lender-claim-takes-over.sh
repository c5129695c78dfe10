#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What takes a pool over: &force from a living owner, the same instance from
# itself at any time, and anybody once the owner is gone.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --threads 2 --lend 1M --pool a=1M --log-level debug
raw "$tmp/lender.log" <<'PY'
log = sys.argv[1]
one = Conn("a?claim=one")
one.write(0, page(0))
for i in range(5):                          # the same instance
    again = Conn("a?claim=one")
    assert again.epoch > one.epoch
    assert one.closed(), "the older connection was not hung up on"
    one = again
assert one.read(0, PAGE) == page(0)
sibling = Conn(one.name)
two = Conn("a?force&claim=two")             # by force, in either order
assert one.closed() and sibling.closed()
assert refused("a?claim=one")[0] == POLICY, "the new owner is protected as well"
assert refused(one.name)[0] == POLICY
one = Conn("a?claim=one&force")
assert two.closed()
sibling = Conn(one.name)
for c in one, sibling:                      # when the owner is gone
    assert refused("a?claim=two")[0] == POLICY
    c.close()
    c.gone(log)
two = Conn("a?claim=two")
assert two.read(0, PAGE) == page(0)
two.ask(FLUSH)
two.send(DISC)
two.gone(log)
Conn("a?claim=three").close()
two = Conn("a")                             # a plain one does not own it
four = Conn("a?claim=four&force")
assert two.closed()
PY
