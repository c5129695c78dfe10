#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Hosts behind one address are told apart by their claims; and one that forces takes the device from
# another that is connected.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
. "$FARPAGE_SRCDIR/tests/gateway.sh"
gateway 'claims' <<'PY'
from gateway import *
a = dial("?claim=a")
first = name()[0]
a.pwrite(page(b"a"), 0)
refused(dial, "?claim=b")
refused(dial, "")
for wrong in "?claim=", "?claim=a/b", "?claim=" + 65 * "x", "?claim=a&claim=b", "?what", first + "x", 100 * "f":
    refused(dial, wrong)
b, more = dial("?claim=b&force"), dial(first + "?force&claim=b")
assert a.pread(4096, 0) == page(b"a")
b.pwrite(page(b"b"), 4096)
# Neither reads the other's from here on.
for what in (a.pread, 4096, 0), (a.pread, 4096, 4096), (a.pwrite, page(b"x"), 4096), (a.zero, 4096, 4096):
    refused(*what)
assert b.pread(4096, 0) == bytes(4096)
more.pwrite(page(b"c"), 8192)
refused(dial, first + "?claim=a")
refused(dial, "?claim=a")
assert b.pread(4096, 4096) == page(b"b") and b.pread(4096, 8192) == page(b"c")
# And back, with its own name gone.
again = dial("?claim=a&force")
again.pwrite(page(b"a"), 0)
assert again.pread(4096, 4096) == bytes(4096)
refused(b.pwrite, page(b"x"), 0)
refused(more.pwrite, page(b"x"), 0)
PY
