#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Plain NAME may look but not write while an owner lives, and says so; when the
# owner is gone it may write, and the next owner can see that it did.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 1M --pool a=1M --log-level debug
raw "$tmp/lender.log" <<'PY'
log = sys.argv[1]
owner = Conn("a?claim=me")
assert not owner.flags & FLAG_READ_ONLY
owner.write(0, page(0))
plain = Conn("a")
assert plain.flags & FLAG_READ_ONLY, bin(plain.flags)
assert plain.read(0, PAGE) == page(0)
for command in (WRITE, 0, PAGE, 0, page(9)), (TRIM, 0, PAGE), (ZERO, 0, PAGE), (ZERO, 0, PAGE, NO_HOLE):
    assert plain.error(*command) == EPERM, command
assert owner.read(0, PAGE) == page(0)
plain.ask(FLUSH)
since = owner.about["since"]
owner.close()
owner.gone(log)
# It only looked: what the owner knows of its pages is still so.
assert plain.error(WRITE, 0, PAGE, 0, page(9)) == EPERM, "it was told so, and it stays"
owner = Conn("a?claim=me")
assert owner.about["since"] == since, "nobody else wrote"
owner.close()
owner.gone(log)
for change in (WRITE, PAGE, 1, 0, b"x"), (TRIM, 0, PAGE), (ZERO, 0, PAGE):
    writer = Conn("a")
    assert not writer.flags & FLAG_READ_ONLY
    assert writer.error(*change) == 0, change
    owner = Conn("a?claim=me")
    assert writer.closed(), "a plain writer beside an owner"
    assert owner.about["since"] == str(owner.epoch) != since, change
    since = owner.about["since"]
    owner.close()
    owner.gone(log)
# Another instance's claim shows as well.
other = Conn("a?claim=other")
assert other.about["since"] == str(other.epoch)
assert int(Conn("a?claim=me&force").about["since"]) > other.epoch
PY
