#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Where TLS is required nothing but STARTTLS and ABORT is answered in the open; nothing
# that was said in the open counts within TLS; bytes put in behind STARTTLS end it.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires certtool
with_tls
authority "$tmp/ca"
certificate "$tmp/ca" "$tmp/lender" server lender
certificate "$tmp/ca" "$tmp/alice" client alice
lender --tls-certificates "$tmp/lender" --lend 4M --pool a=1M --log-level debug
cat >"$tmp/secure.py" <<'PY'
import ssl
from rawnbd import *
STARTTLS, STRUCTURED, SET_META = 5, 8, 10
TLS_REQD = 0x80000005
def wrap(c, tmp, who="alice"):
    context = ssl.create_default_context(cafile=tmp + "/alice/ca-cert.pem")
    context.load_cert_chain(tmp + "/%s/client-cert.pem" % who, tmp + "/%s/client-key.pem" % who)
    context.check_hostname = False
    c.s = context.wrap_socket(c.s)
    return c
def secured(tmp, name=None):
    c = Conn()
    c.option(STARTTLS)
    wrap(c, tmp)
    return c.go(name) if name else c
def refusal(c, option, data=b""):
    try:
        c.option(option, data)
    except Refused as e:
        return e.code
PY
export PYTHONPATH="$tmp"
raw() {
    PYTHONPATH=$FARPAGE_SRCDIR/tests:$tmp PYTHONDONTWRITEBYTECODE=1 python3_nbd -c 'import sys
from secure import *
set_port(sys.argv.pop(1))
exec(compile(sys.stdin.read(), "test", "exec"))' "$port" "$@"
}
raw "$tmp" <<'PY'
tmp = sys.argv[1]
c = Conn()
go = go_bytes("a")[16:]
for option, data in (LIST, b""), (INFO, go), (GO, go), (STRUCTURED, b""), (SET_META, b""), (99, b"x" * 100):
    assert refusal(c, option, data) == TLS_REQD, option
assert refusal(c, 77, b"x" * 100000) == TLS_REQD
assert refusal(c, STARTTLS, b"x") == INVALID
c.option(STARTTLS)
wrap(c, tmp).go("a")
c.write(0, page(1))
assert c.read(0, PAGE) == page(1)
c = Conn()
c.option(ABORT)
c = Conn()
c.s.sendall(option_bytes(EXPORT_NAME, b"a"))
assert c.closed()
# Twice.
c = secured(tmp)
assert refusal(c, STARTTLS) == INVALID
c.go("a")
# Bytes behind STARTTLS, in the same segment and just after it.
for more in option_bytes(LIST), go_bytes("a"), b"\x16", b"\x16\x03\x01" + b"\0" * 50:
    c = Conn()
    c.s.sendall(option_bytes(STARTTLS) + more)
    try:
        c.option_reply(STARTTLS)
        wrap(c, tmp).go("a")
    except (EOFError, OSError):
        continue
    raise SystemExit("it goes on after %r" % more)
c = Conn()
c.option(STARTTLS)
c.s.sendall(go_bytes("a"))
while True: # an alert, then the end
    if c.closed():
        break
# Cut anywhere within the handshake: nobody else notices.
witness = secured(tmp, "a")
for n in range(0, 300, 7):
    c = Conn()
    c.option(STARTTLS)
    out, into = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context(cafile=tmp + "/alice/ca-cert.pem")
    context.check_hostname = False
    t = context.wrap_bio(into, out)
    try:
        t.do_handshake()
    except ssl.SSLWantReadError:
        pass
    c.s.sendall(out.read()[:n])
    c.close()
    assert witness.read(0, PAGE) == page(1)
# Byte by byte it works as well.
c = Conn()
for b in option_bytes(STARTTLS):
    c.s.sendall(bytes([b]))
c.option_replies(STARTTLS)
context = ssl.create_default_context(cafile=tmp + "/alice/ca-cert.pem")
context.load_cert_chain(tmp + "/alice/client-cert.pem", tmp + "/alice/client-key.pem")
context.check_hostname = False
out, into = ssl.MemoryBIO(), ssl.MemoryBIO()
t = context.wrap_bio(into, out)
def flow():
    for b in out.read():
        c.s.sendall(bytes([b]))
def take(n):
    got = b""
    while len(got) < n:
        try:
            got += t.read(n - len(got))
        except ssl.SSLWantReadError:
            into.write(c.s.recv(3))
    return got
while True:
    try:
        t.do_handshake()
        break
    except ssl.SSLWantReadError:
        flow()
        into.write(c.s.recv(1))
t.write(go_bytes("a"))
flow()
kind = None
while kind != ACK:
    kind, length = struct.unpack(">II", take(20)[12:])
    take(length)
PY
# In the open it is as if there were no TLS, where none was set up.
lender --lend 4M --pool a=1M
raw "$tmp" <<'PY'
c = Conn()
assert refusal(c, STARTTLS) == UNSUP
c.go("a")
PY
# What was agreed on in the open is forgotten.
lender --tls allow --tls-certificates "$tmp/lender" --lend 4M --pool a=1M
raw "$tmp" <<'PY'
tmp = sys.argv[1]
c = Conn()
c.option(STRUCTURED)
c.option(SET_META, struct.pack(">I", 1) + b"a" + struct.pack(">II", 1, 15) + b"base:allocation")
c.option(STARTTLS)
wrap(c, tmp).go("a")
assert not c.flags & 128, "DF without structured replies"
c.write(0, page(2))
assert c.read(0, PAGE) == page(2)
assert c.error(7, 0, PAGE) == EINVAL, "BLOCK_STATUS"
PY
