#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A pool with allow= is there for connections from those networks alone: for others LIST, INFO,
# GO, a claim and a ticket are as if it were not. A reload changes that for those to come.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
common="listen = [::]:0
listen = 127.0.0.1:0
listen = unix:$tmp/sock
allow-plaintext = yes
lend = 8M
pool = any=1M"
printf '%s\n' "$common" 'pool = two=1M,allow=127.0.0.2,allow=198.51.100.0/24' 'pool = local=1M,allow=unix' \
    'pool = net=1M,allow=127.0.2.0/24' 'pool = net,allow=127.0.3.0/25,allow=2001:db8::/32' >"$tmp/lender.conf"
lender --config "$tmp/lender.conf"
six=$(sed -n 's/.*listening on \[::\]:\([0-9]*\)$/\1/p' "$tmp/lender.log")
cat >"$tmp/coming.py" <<'PY'
from rawnbd import *
dial = socket.create_connection
def coming(source):
    socket.create_connection = lambda to: dial(to, source_address=(source, 0))
def pools(source, to=None):
    """What it sees; and neither more nor less is there for it."""
    coming(source)
    seen = [d[4:].decode() for k, d in Conn(to=to).option(LIST) if k == SERVER]
    for pool in "any", "two", "local", "net":
        for name, option in (pool, INFO), (pool, GO), (pool + "?claim=x&force", GO):
            try:
                Conn(to=to).go(name, option)
                assert pool in seen, (source, name)
            except Refused as e:
                assert pool not in seen and (e.code, e.words) == (UNKNOWN, "there is no pool " + pool), (source, e)
        old = Conn(to=to)
        old.s.sendall(option_bytes(EXPORT_NAME, pool.encode()))
        old.half_close()
        assert old.closed() == (pool not in seen), (source, pool)
    return " ".join(seen)
PY
raw() {
    PYTHONPATH=$FARPAGE_SRCDIR/tests:$tmp PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -c 'import sys
from coming import *
set_port(sys.argv.pop(1))
exec(compile(sys.stdin.read(), "test", "exec"))' "$port" "$@"
}
raw "$six" "$tmp/sock" <<'PY'
six, sock = sys.argv[1:]
for to in None, six: # there an IPv4 address comes in an IPv6 one
    assert pools("127.0.0.1", to) == "any"
    assert pools("127.0.0.2", to) == "any two"
    assert pools("127.0.0.20", to) == "any"
    assert pools("127.0.2.255", to) == pools("127.0.3.127", to) == "any net"
    assert pools("127.0.3.128", to) == "any"
assert pools("127.0.0.1", sock) == "any local"
coming("127.0.0.2")
owner = Conn("two?claim=me&force")
coming("127.0.0.1")
assert refused(owner.name)[0] == UNKNOWN, "a ticket is good from everywhere"
coming("127.0.0.2")
assert Conn(owner.name).read(0, PAGE) == bytes(PAGE)
PY
raw "$tmp/reloaded" <<'PY' &
coming("127.0.0.2")
owner = Conn("two?claim=me&force")
owner.write(0, page(1))
open(sys.argv[1], "w").close()
wait_for(lambda: not os.path.exists(sys.argv[1]))
assert owner.read(0, PAGE) == page(1), "who was there stays"
assert pools("127.0.0.2") == "any"
assert pools("127.0.0.1") == "any two"
PY
client=$!
wait_for 20 test -e "$tmp/reloaded"
reload "$common" 'pool = two=1M,allow=127.0.0.1' 'pool = local=1M,allow=unix' 'pool = net=1M,allow=198.51.100.0/24'
rm "$tmp/reloaded"
wait $client || fail 'after a reload'
reload "$common" 'pool = two=1M,allow=127.0.0.1/8' 'pool = local=1M' 'pool = net=1M'
case $words in *"nothing changed"*"lender.conf:7: pool = two=1M,allow=127.0.0.1/8: a network has no bits"*) ;; *) fail "$words" ;; esac
