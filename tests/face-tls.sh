#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The NBD face within TLS: who has a key is served, and who has none is not; large requests and parts of pages come
# through.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires psktool
with_tls
psktool -u alice -p "$tmp/keys" >/dev/null 2>&1
chmod o= "$tmp/keys"
FARPAGE_FACE="-d 8 -l 1 -k $tmp/keys"
. "$FARPAGE_SRCDIR/tests/face.sh"
lender --pool a=16M
python3_nbd - "$port" "$tmp/keys" <<'PY'
import nbd, random, sys
def dial(tls):
    h = nbd.NBD()
    h.set_tls(tls)
    h.set_tls_username("alice")
    h.set_tls_psk_file(sys.argv[2])
    h.connect_tcp("127.0.0.1", sys.argv[1])
    return h
try:
    dial(nbd.TLS_DISABLE)
    raise SystemExit("it was let in without a key")
except nbd.Error:
    pass
a, b = dial(nbd.TLS_REQUIRE), dial(nbd.TLS_REQUIRE)
data = random.randbytes(10 << 20)
a.pwrite(data, 77)
assert b.pread(len(data), 77) == data
todo = [(b, b.aio_pread(nbd.Buffer(300000), 0)) for _ in range(100)]
a.pwrite(b"x" * 5000, 4000)
for h, cookie in todo:
    while not h.aio_command_completed(cookie):
        h.poll(-1)
assert b.pread(5002, 3999) == data[3922:3923] + b"x" * 5000 + data[8923:8924]
PY
