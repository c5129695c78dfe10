#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What a lender says of a refusal is shown to people, so it is text on one line, whatever it says.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit
/usr/bin/python3 - "$tmp/port" <<'EOF' &
import os, socket, struct, sys
s = socket.create_server(("127.0.0.1", 0))
with open(sys.argv[1] + ".new", "w") as f:
    f.write(str(s.getsockname()[1]))
os.rename(sys.argv[1] + ".new", sys.argv[1])
words = b"no\x1b[2J\rgo away\nnbdkit: all is well\x7f"
while True:
    c = s.accept()[0]
    c.sendall(b"NBDMAGICIHAVEOPT" + struct.pack(">H", 3))
    try:
        c.recv(4, socket.MSG_WAITALL)
        while True:
            option, length = struct.unpack(">8xII", c.recv(16, socket.MSG_WAITALL))
            c.recv(length, socket.MSG_WAITALL)
            c.sendall(struct.pack(">QIII", 0x3E889045565A9, option, 0x80000002, len(words)) + words)
    except (OSError, struct.error):
        pass
EOF
cleanup "kill $!"
wait_for 10 test -s "$tmp/port"
if "$FARPAGE_BUILDDIR/run" nbdkit -f -U "$tmp/none" farpage "lender=127.0.0.1:$(cat "$tmp/port")" \
    --run true 2>"$tmp/err"; then
    fail "it was refused, and nbdkit ran"
fi
cat "$tmp/err"
# libnbd 1.22 escapes it already, and says what kind of error it is.
grep -q -e 'the lender says: no?\[2J?go away?nbdkit: all is well?' \
    -e 'server policy prevents the operation: no\\x1b\[2J\\x0dgo away\\x0anbdkit: all is well\\x7f' "$tmp/err" || fail "it does not say why"
! LC_ALL=C grep -q '[^ -~]' "$tmp/err" || fail "it says what is no text"
