#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nbdfault freezes, slows, drops, refuses and vanishes, for as long as it was told.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 4M --pool a=1M --log-level debug
faults
raw "$lender_port" <<'PY'
def took(what):
    begin = time.monotonic()
    what()
    return time.monotonic() - begin
def conn():
    return Conn("a?claim=me")
c = conn()
c.write(0, page(0))
read = lambda: c.read(0, PAGE)
for way in "", "request", "reply":
    fault("freeze 300 " + way)
    assert took(read) >= 0.28, way
    assert took(read) < 0.28, way
# Which way is frozen: a write whose reply is late has come.
fault("freeze 0 reply")
c.send(WRITE, 0, PAGE, 0, page(0, 1))
direct = Conn("a", to=sys.argv[1])
wait_for(lambda: direct.read(0, PAGE) == page(0, 1))
fault("calm")
c.reply()
fault("slow 20000 reply")
assert took(read) >= 0.18
fault("slow 20000 request")
assert took(lambda: c.write(0, page(0))) >= 0.18
fault("calm")
fault("drop")
assert c.closed()
c = conn()
fault("refuse")
try:
    conn()
    assert False, "it was not refused"
except ConnectionRefusedError:
    pass
assert c.read(0, PAGE) == page(0)
fault("calm")
c = conn()
# Nothing comes, not even an end; what comes after that is answered, the old never.
fault("vanish 400")
c.send(READ, 0, PAGE)
direct.close()
new = []
assert took(lambda: new.append(conn())) >= 0.3
assert new[0].read(0, PAGE) == page(0)
c.s.settimeout(0.1)
try:
    c.s.recv(1)
    assert False, "a word of the vanished"
except TimeoutError:
    pass
PY
