#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Another instance is refused while one of the owner's connections is alive, in
# words that say from where it is and since when, and what to do, but not its name, which
# is what claiming again takes; nothing happens to the owner.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 1M --pool a=1M
raw <<'PY'
import calendar
now = time.time()
owner = Conn("a?claim=host-one")
sibling = Conn(owner.name)
owner.write(0, page(0))
for kind, alive in ("its first connection", owner), ("only its sibling", sibling):
    for _ in range(3):
        code, words = refused("a?claim=host-two")
        assert code == POLICY, (kind, code)
        assert "host-one" not in words and "force" in words, words
        assert "127.0.0.1:%d" % owner.port in words, words
        since = words.split("since ")[1].split(";")[0]
        at = calendar.timegm(time.strptime(since, "%Y-%m-%dT%H:%M:%SZ"))
        assert abs(at - now) < 60, words
    assert alive.read(0, PAGE) == page(0)
    alive.write(PAGE, page(1))
    assert Conn("a").epoch == owner.epoch, "a refused claim raised the epoch"
    if alive is owner:
        owner.close()
# INFO asks, and does not claim, and does not tell either which instance is right.
Conn().go("a?claim=host-two&force", INFO)
for name in "a?claim=host-one", "a?claim=host-two":
    try:
        Conn().go(name, INFO)
        raise SystemExit("INFO of %s is not refused" % name)
    except Refused as e:
        assert (e.code, e.words) == (code, words), e
# On the same connection plain names open as before.
asking = Conn()
for _ in range(2):
    try:
        asking.go("a?claim=host-two")
        raise SystemExit("it is not refused")
    except Refused as e:
        assert (e.code, e.words) == (code, words), e
assert asking.go("a").read(0, PAGE) == page(0)
assert Conn("a").epoch == owner.epoch and sibling.read(0, PAGE) == page(0)
PY
