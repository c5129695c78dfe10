#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A gateway gives its device to one host at a time: another one is refused, in words, while the first is
# connected. It may force, or come when the first has gone: then the pages are gone, and the first
# gets neither them nor the other's.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit
cat >"$tmp/gateway.py" <<'PY'
import nbd, socket, sys, time
port = int(sys.argv[1])
def dial(export, host=1):
    s = socket.socket()
    s.bind(("127.0.0.%d" % host, 0))
    s.connect(("127.0.0.1", port))
    h = nbd.NBD()
    h.set_export_name(export)
    h.connect_socket(s.detach())
    return h
def refused(what, *args):
    try:
        what(*args)
    except nbd.Error as e:
        return e
    raise SystemExit("it was not refused: %s" % (args,))
# nbdkit takes a moment to see that a connection is over.
def soon(what, *args):
    for _ in range(500):
        try:
            return what(*args)
        except nbd.Error as e:
            if e.errno != "EPERM": raise
            time.sleep(0.02)
    raise SystemExit("refused for ever: %s" % (args,))
def name():
    found = []
    h = nbd.NBD()
    h.set_opt_mode(True)
    h.connect_tcp("127.0.0.1", str(port))
    h.opt_list(lambda name, words: found.append((name, words)) and 0)
    h.opt_abort()
    return found[0]
def page(letter):
    return letter * 4095 + b"."
PY
gateway() { # PYTHON
    "$FARPAGE_BUILDDIR/run" nbdkit -f -i 127.0.0.1 -p "$port" -P "$tmp/pid" farpage size=64M swap=no 2>"$tmp/borrower.log" &
    gateway_pid=$!
    wait_for 20 test -s "$tmp/pid"
    PYTHONPATH=$tmp PYTHONDONTWRITEBYTECODE=1 python3_nbd - "$port" || fail "$1"
    kill "$gateway_pid"
    wait "$gateway_pid" || fail "nbdkit ended with $?"
    rm "$tmp/pid"
}
port=$(python3_nbd -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')

# By their addresses.
gateway 'two hosts' <<'PY'
from gateway import *
a, more = dial("", 1), dial("", 1)
first, words = name()
assert words == "nobody has this device yet", words
a.pwrite(page(b"a"), 0)
more.pwrite(page(b"b"), 4096)
refused(dial, "", 2)
refused(dial, first, 2)
refused(dial, "?claim=other", 1)
assert "127.0.0.1 has had this device since" in name()[1], name()
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
assert "127.0.0.2 has had" in name()[1]
refused(dial, first, 1)
refused(dial, "", 1)
PY
warned '127.0.0.1 is not let in' && fail 'no warning should say so'
grep -q 'error: 127.0.0.2 is not let in: 127.0.0.1 has this device, and is connected' "$tmp/borrower.log" ||
    fail "not in words: $(cat "$tmp/borrower.log")"
warned '127.0.0.2 has taken the device over from 127.0.0.1' || fail "not told: $(cat "$tmp/borrower.log")"

# By their claims, which is how hosts behind one address are told apart; and by force.
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
