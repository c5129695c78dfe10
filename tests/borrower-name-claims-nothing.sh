#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Whoever may attach to the plugin learns the name of its export. With that nobody takes its
# pool on the lender, and neither with what it tells of a lender that refuses it.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit nbdinfo
lender --lend 16M --pool a=8M
borrower "lender=127.0.0.1:$port"
name=$(nbdinfo --json --list "nbd+unix:///?socket=$sock" | sed -n 's/.*"export-name": "\(.*\)".*/\1/p')
[ ${#name} = 32 ] || fail "no name: $name"
raw "$name" <<'PY'
assert refused("a?claim=" + sys.argv[1])[0] == POLICY, "its name claims its pool"
PY
nbdsh_at "nbd+unix:///?socket=$sock" <<'EOF'
h.pwrite(page(b"x"), 0)
EOF
# A lender that refuses it without words.
/usr/bin/python3 - "$tmp/fake" <<'PY' &
import os, socket, struct, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen()
while True:
    c = s.accept()[0]
    c.sendall(b"NBDMAGICIHAVEOPT\0\3")
    c.recv(4, socket.MSG_WAITALL)
    while True:
        head = c.recv(16, socket.MSG_WAITALL)
        if len(head) < 16:
            break
        option, length = struct.unpack(">II", head[8:])
        c.recv(length, socket.MSG_WAITALL)
        reply = lambda kind, data=b"": c.sendall(struct.pack(">QIII", 0x3E889045565A9, option, kind, len(data)) + data)
        if option == 6:         # INFO, without the claim, says whose memory it is
            reply(3, struct.pack(">HQH", 0, 8 << 20, 1))
            reply(3, struct.pack(">H", 2) + b"incarnation=1 since=1")
            reply(1)
            continue
        reply(0x80000006 if option == 7 else 0x80000001)
PY
cleanup "kill $!"
wait_for 10 test -S "$tmp/fake"
! timeout 60 "$FARPAGE_BUILDDIR/run" nbdkit -f -U "$tmp/none" farpage "lender=unix:$tmp/fake" pool=a \
    --run true 2>"$tmp/err" || fail 'it started'
grep -q "the lender refuses the claim" "$tmp/err" || fail "$(cat "$tmp/err")"
! grep -qi claim= "$tmp/err" || fail "$(cat "$tmp/err")"
