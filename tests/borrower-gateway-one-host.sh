#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A gateway gives its device to one host at a time: another one is refused, in words, while the first is
# connected. When that one has gone, it may come: then the pages are gone, and the first gets neither
# them nor the other's.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
. "$FARPAGE_SRCDIR/tests/gateway.sh"
gateway 'two hosts' <<'PY'
from gateway import *
a, more = dial("", 1), dial("", 1)
first, words = name()
assert words == "no host owns this device yet", words
a.pwrite(page(b"a"), 0)
more.pwrite(page(b"b"), 4096)
refused(dial, "", 2)
refused(dial, first, 2)
refused(dial, "?claim=other", 1)
assert "127.0.0.1 has owned this device since" in name()[1], name()
assert a.pread(4096, 4096) == page(b"b")
# It comes back to its pages.
for h in a, more:
    h.shutdown()
a = dial(first, 1)
assert a.pread(4096, 0) == page(b"a")
a.shutdown()
# Who only looks takes nothing.
b = dial("", 2)
b.pread(4096, 0)
a = dial(first, 1)
assert a.pread(4096, 0) == page(b"a")
refused(b.pwrite, page(b"c"), 0)
refused(b.trim, 4096, 0)
a.shutdown()
# Nobody is there any more: who writes has it, and the pages of the other are gone.
soon(b.pwrite, page(b"c"), 8192)
assert b.pread(4096, 0) == bytes(4096)
assert name()[0] != first
assert "127.0.0.2 has owned" in name()[1]
refused(dial, first, 1)
refused(dial, "", 1)
PY
warned '127.0.0.1 is refused' && fail 'no warning should say so'
grep -q 'error: 127.0.0.2 is refused: 127.0.0.1 owns this device and is connected' "$tmp/borrower.log" ||
    fail "not in words: $(cat "$tmp/borrower.log")"
warned '127.0.0.2 has taken the device over from 127.0.0.1' || fail "not told: $(cat "$tmp/borrower.log")"
