#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Names that are no pool, no epoch or no claim are refused in words, the
# connection can try again, and nothing was claimed.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 2M --pool a=1M --pool b=1M
raw <<'PY'
owner = Conn("a?claim=me")
NO, SYNTAX = "there is no pool", "no such export name"
table = [(name, UNKNOWN, NO) for name in (
    "none", "A", "aa", "x" * 64, "none@1", "none?claim=me", "a.", "-")]
table += [(name, UNKNOWN, SYNTAX) for name in (
    " ", "a ", " a", "a/b", "a\n", "a\0", "\0", "a\0b", "ä", b"\xff\xfe", "x" * 65, "x" * 191,
    "x" * 192, "x" * 193, "x" * 4096, "a@", "a@x", "a@-1", "a@+1", "a@ 1", "a@1 ", "a@1x", "a@0x1",
    "a@1@2", "a@%d@" % owner.epoch, "a@18446744073709551616", "a@" + "9" * 100, "a@1?claim=me",
    "a?", "a?claim", "a?claim=", "a?claim=&force", "a?force", "a?force&force", "a?claim=me&",
    "a?&claim=me", "a?claim=me&force&", "a?claim=me&other=1", "a?claim=me&claim=you",
    "a?claim=m e", "a?claim=m/e", "a?claim=m@e", "a?claim=" + "x" * 65, "a?CLAIM=me",
    "a?claim=me?claim=me", "a?claim==me", "a?claim=me&force=1", "a?claim=me;force", "?", "@", "@x")]
c = Conn()
for name, code, words in table:
    for option in INFO, GO:
        try:
            c.go(name, option)
            raise SystemExit("%r was not refused" % (name,))
        except Refused as e:
            assert e.code == code and words in e.words, (name, e)
            assert len(e.words) < 500, "its own name is echoed at length"
    # The old way can only hang up.
    old = Conn()
    old.s.sendall(option_bytes(EXPORT_NAME, go_bytes(name)[20:-6]))
    assert old.closed(), name
assert refused("x" * 4097)[0] == TOO_BIG
c.go("b")                       # the same connection, after all of that
c.write(0, page(1))
owner.write(0, page(2))
assert Conn("a").epoch == owner.epoch and owner.read(0, PAGE) == page(2)
for name in "x" * 64, "a.b_c-D9", "0":        # what an instance may be called
    assert refused("a?claim=%s&force" % name) is None, name
PY
