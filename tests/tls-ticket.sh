#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Where TLS is required, whom an owner gives the name that its claim was told is let in
# without, once; whoever else comes in the open is told that TLS is wanted, whatever he asks.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires psktool
with_tls
psktool -u alice -p "$tmp/keys" >/dev/null 2>&1
chmod o= "$tmp/keys"
lender --tls-psk "$tmp/keys" --lend 8M --pool hers=1M,owner=alice --pool any=1M
raw "$tmp/keys" "$tmp/lender.log" <<'PY'
import nbd, rawnbd
TLS_REQD = 0x80000005
def claim(name):
    h = nbd.NBD()
    h.set_tls(nbd.TLS_REQUIRE)
    h.set_tls_username("alice")
    h.set_tls_psk_file(sys.argv[1])
    h.set_export_name(name)
    h.set_full_info(True)
    h.connect_tcp("127.0.0.1", str(rawnbd._port))
    return h, h.get_canonical_export_name()
def strangers(name):
    """None of these comes in, or learns whether NAME is a good one."""
    wrong = name[:-1] + ("0" if name[-1] != "0" else "1")
    c = Conn()
    for asked in wrong, name[:-1], name + "0", name.split(".")[0], "hers", "any", "none", "hers?claim=x&force", "":
        try:
            c.go(asked)
        except Refused as e:
            assert (e.code, e.words) == (TLS_REQD, "this lender requires TLS"), (asked, e)
    for option, data in (INFO, go_bytes(name)[16:]), (LIST, b""), (10, b""), (GO, go_bytes(name)[16:-7]):
        try:
            c.option(option, data)
        except Refused as e:
            assert e.code == TLS_REQD or (option, e.code) == (GO, INVALID), (option, e)
    for asked in wrong, "hers", "any":
        old = Conn()
        old.s.sendall(option_bytes(EXPORT_NAME, asked.encode()))
        assert old.closed(), asked
def exported(name):
    c = Conn()
    c.s.sendall(option_bytes(EXPORT_NAME, name.encode()))
    assert struct.unpack(">QH", c.take(10))[0] == MIB
    return c

for pool in "hers", "any":
    for how in Conn, exported:
        h, name = claim(pool + "?claim=secret")
        strangers(name)
        plain = how(name)
        plain.write(0, page(1))
        assert h.pread(PAGE, 0) == page(1)
        assert how is exported or plain.name == pool, "it could be overheard: " + plain.name
        strangers(name)
        assert refused(name)[0] == TLS_REQD, "it is good for one"
        # Whoever comes back by its instance has its pages, and the other is fenced.
        again, next = claim(pool + "?claim=secret")
        assert plain.closed() and again.pread(PAGE, 0) == page(1)
        assert refused(name)[0] == TLS_REQD
        claim(pool + "?claim=other&force")
        assert refused(next)[0] == TLS_REQD
# Within TLS each of them is told another name.
h, name = claim("hers?claim=secret&force")
k, next = claim(name)
assert next.startswith(name.split(".")[0]) and next != name
assert Conn(next).error(WRITE, 0, PAGE, 0, page(2)) == 0
log = open(sys.argv[2]).read()
assert "secret" not in log and name.split(".")[1] not in log and "alice" in log
PY
