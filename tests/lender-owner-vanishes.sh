#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# An owner that goes while its pool holds pages is worth a line that says who, and how much is
# held; not while another connection of its is there, and not when a newer claim fenced it.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 64M --pool web=32M --pool empty=4M
gone() { grep -c 'the owner of pool' "$tmp/lender.log"; }
raw "$tmp/lender.log" <<'PY'
def lines(words):
    with open(sys.argv[1]) as f:
        return f.read().count(words)
one = Conn("web?claim=some.host")
for n in range(16):
    one.write(n * MIB, b"x" * MIB)
other = Conn(one.name)
one.close()
Conn("empty?claim=me").close()      # holds nothing
Conn("web").close()                 # is no owner
wait_for(lambda: lines("opens pool web") >= 3)
other.read(0, PAGE)
assert not lines("the owner of pool")
other.close()
wait_for(lambda: lines("127.0.0.1:%d, the owner of pool web, vanished; the pool holds 16M" % other.port))
fenced = Conn("web?claim=some.host")
again = Conn("web?claim=some.host")
assert fenced.closed()
assert lines("the owner of pool") == 1
again.send(DISC)
wait_for(lambda: lines("the owner of pool web, disconnected; the pool holds 16M"))
assert lines("the owner of pool") == 2
last = Conn("web?claim=some.host")
last.s.sendall(b"x" * 28)           # nonsense
wait_for(lambda: lines("vanished; the pool holds 16M") == 2)
PY
kill "$lender_pid"
wait "$lender_pid"
[ "$(gone)" = 3 ] || fail "it says of its own end that owners are gone"
