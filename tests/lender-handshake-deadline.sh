#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Who has not finished the handshake after 10 s is hung up on, however busy it
# looks; who is in a pool may be silent for ever.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 1M --pool a=1M --listen 127.0.0.1:0 --listen "unix:$tmp/sock"
raw "$tmp/sock" <<'PY'
start = time.monotonic()
silent_in_pool = Conn("a")
late = {
    "says nothing": Conn(greet=False),
    "says nothing on a unix socket": Conn(greet=False, to=sys.argv[1]),
    "greets": Conn(),
    "lists": Conn(),
    "asks for information": Conn().go("a", INFO),
    "was refused": Conn(),
    "sent half an option": Conn(),
}
late["lists"].option(LIST)
late["sent half an option"].s.sendall(go_bytes("a")[:20])
try:
    late["was refused"].go("nobody")
except Refused:
    pass
drip = Conn()
dripped = 0
while time.monotonic() < start + 9:
    drip.option(LIST)           # one every now and then
    dripped += 1
    time.sleep(.25)
for who, c in late.items():
    c.s.setblocking(False)
    try:
        while c.s.recv(4096):
            pass
        raise SystemExit("one that %s is out after 9 s" % who)
    except BlockingIOError:
        pass
    c.s.settimeout(PATIENCE)
late["drips"] = drip
for who, c in late.items():
    try:
        while c.s.recv(4096):
            pass
    except ConnectionResetError:
        pass
    assert time.monotonic() < start + 14, "one that %s is there after 14 s" % who
assert silent_in_pool.read(0, PAGE) == bytes(PAGE)
PY
# One line of a kind a minute, and how many more there were.
kill -USR1 "$lender_pid"
wait_for 10 grep -q 'farpaged: 7 more within a minute: no handshake within 10 s' "$tmp/lender.log"
grep -c ': no handshake within 10 s; hanging up' "$tmp/lender.log" | grep -qx 1 || fail 'not one line'

