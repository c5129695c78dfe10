#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# With tls-certificates a client needs one that our authority signed, for clients, and
# not revoked; then all goes through TLS, whatever its size.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires certtool nbdinfo
with_tls
authority "$tmp/ca"
certificate "$tmp/ca" "$tmp/lender" server lender
certificate "$tmp/ca" "$tmp/alice" client alice
certificate "$tmp/ca" "$tmp/bob" client bob
certificate "$tmp/ca" "$tmp/server" client bob
certificate "$tmp/ca" "$tmp/server" server bob
mv "$tmp/server/server-cert.pem" "$tmp/server/client-cert.pem"
mv "$tmp/server/server-key.pem" "$tmp/server/client-key.pem"
mkdir "$tmp/nobody"
cp "$tmp/ca/ca-cert.pem" "$tmp/nobody"
authority "$tmp/other-ca"
certificate "$tmp/other-ca" "$tmp/mallory" client alice
cp "$tmp/ca/ca-cert.pem" "$tmp/mallory"
lender --tls-certificates "$tmp/lender" --lend 256M --pool a=128M
cat >"$tmp/client.py" <<'PY'
import nbd, os, sys
def dial(port, directory, verify=True, require=True):
    h = nbd.NBD()
    h.set_tls(nbd.TLS_REQUIRE if require else nbd.TLS_DISABLE)
    if directory:
        h.set_tls_certificates(directory)
        h.set_tls_verify_peer(verify)
    h.set_export_name("a")
    h.connect_tcp("127.0.0.1", str(port))
    return h
def refused(*args, **kw):
    try:
        h = dial(*args, **kw)
        h.pread(1, 0)
    except nbd.Error as e:
        return str(e)
    raise SystemExit("%s was let in" % (args,))
PY
client() { PYTHONPATH=$tmp python3_nbd - "$port" "$tmp" "$@"; }
client <<'PY' || fail 'what goes through TLS'
from client import *
port, tmp = sys.argv[1:3]
h = dial(port, tmp + "/alice")
assert h.get_tls_negotiated()
for size in (1, 511, 4096, 16384, 16385, 65536, 1 << 20, 32 << 20):
    data = os.urandom(size)
    h.pwrite(data, 12345)
    assert h.pread(size, 12345) == data, size
    assert h.pread(size - size // 2, 12345 + size // 2) == data[size // 2:]
bufs = [nbd.Buffer.from_bytearray(bytearray(os.urandom(65536))) for i in range(64)]
want = [bytes(b.to_bytearray()) for b in bufs]
cookies = [h.aio_pwrite(b, (40 << 20) + 65536 * i) for i, b in enumerate(bufs)]
while cookies:
    h.poll(-1)
    cookies = [c for c in cookies if not h.aio_command_completed(c)]
got = [nbd.Buffer(65536) for i in range(64)]
cookies = [h.aio_pread(b, (40 << 20) + 65536 * i) for i, b in enumerate(got)]
while cookies:
    h.poll(-1)
    cookies = [c for c in cookies if not h.aio_command_completed(c)]
assert [bytes(b.to_bytearray()) for b in got] == want
h.trim(1 << 20, 40 << 20)
assert not any(h.pread(1 << 20, 40 << 20))
h.shutdown()
refused(port, None, require=False)
refused(port, tmp + "/mallory")
refused(port, tmp + "/server")
refused(port, tmp + "/nobody")
dial(port, tmp + "/alice").shutdown()
PY
grep -q '127.0.0.1:[0-9]* is alice$' "$tmp/lender.log" || fail 'the log does not say who it was'
# bob is revoked; who is there stays.
revoke_bob() {
    printf 'expiration_days = 2\n' >"$tmp/crl.info"
    certtool --generate-crl --load-ca-privkey "$tmp/ca/ca-key.pem" --load-ca-certificate "$tmp/ca/ca-cert.pem" \
        --load-certificate "$tmp/bob/client-cert.pem" --template "$tmp/crl.info" \
        --outfile "$tmp/lender/ca-crl.pem" 2>/dev/null
}
client <<'PY' || fail 'bob before'
from client import *
dial(sys.argv[1], sys.argv[2] + "/bob").shutdown()
PY
revoke_bob
end_lender "$lender_pid"
printf '%s\n' "tls-certificates = $tmp/lender" 'lend = 256M' 'pool = a=128M' 'listen = 127.0.0.1:0' >"$tmp/lender.conf"
lender --config "$tmp/lender.conf"
client <<'PY' || fail 'revoked'
from client import *
refused(sys.argv[1], sys.argv[2] + "/bob")
dial(sys.argv[1], sys.argv[2] + "/alice").shutdown()
PY
rm "$tmp/lender/ca-crl.pem"
reload "tls-certificates = $tmp/lender" 'lend = 256M' 'pool = a=128M' 'listen = 127.0.0.1:0'
client <<'PY' || fail 'the list of revoked ones was taken away'
from client import *
dial(sys.argv[1], sys.argv[2] + "/bob").shutdown()
PY
mv "$tmp/lender/server-cert.pem" "$tmp/kept"
reload "tls-certificates = $tmp/lender" 'lend = 256M' 'pool = a=128M' 'listen = 127.0.0.1:0' 'pool = b=1M'
case $words in *'pool b:'*) fail "half of it was done: $words" ;; *'nothing changed'*server-cert.pem*) ;; *) fail "a certificate that went away: $words" ;; esac
client <<'PY' || fail 'after a reload that was refused'
from client import *
dial(sys.argv[1], sys.argv[2] + "/alice").shutdown()
PY
