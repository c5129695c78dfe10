#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# There are as many sessions as are allowed, in all and from one address, and not one
# more; who leaves makes room, and who has none yet takes none; the refusal and the log say
# so, and the log is not flooded.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 4M --pool a=1M --max-per-address 3 --max-connections 5 --listen 127.0.0.1:0 --listen "unix:$tmp/sock"
raw "$tmp/sock" <<'PY'
def let_in(to=None, source="127.0.0.1"):
    if to:
        c = Conn("a", to=to)
    else:
        c = Conn.__new__(Conn)
        c.s = socket.create_connection(("127.0.0.1", int(sys.modules["rawnbd"]._port)), source_address=(source, 0))
        c.s.settimeout(PATIENCE)
        c.cookie = 0
        c.greet()
        c.go("a")
    return c
def shut_out(**how):
    try:
        let_in(**how).read(0, 1)
    except Refused as e:
        assert e.code == POLICY and "too many connections" in e.words, e.words
        return True
handshakes = [Conn() for _ in range(20)]
one = [let_in() for _ in range(3)]
one[0].write(0, page(1))
for _ in range(50):
    assert shut_out()
assert Conn().go("a", INFO).size == MIB
old = Conn()
old.s.sendall(option_bytes(EXPORT_NAME, b"a"))
assert old.closed()
two = [let_in(source="127.0.0.2"), let_in(to=sys.argv[1])]
assert shut_out(source="127.0.0.3") and shut_out(to=sys.argv[1])
assert [c.read(0, PAGE) == page(1) for c in one + two] == [True] * 5
one.pop().close()
def again():
    try:
        one.append(let_in())
        return True
    except Refused:
        pass
wait_for(again)
assert shut_out()
for c in one + two:
    c.close()
wait_for(lambda: not shut_out(source="127.0.0.4"))
PY
n=$(grep -c 'too many connections from its address' "$tmp/lender.log")
case $n in
[1-9] | 1[0-9]) ;;
*) fail "$n lines in the log" ;;
esac
