#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Whoever only reaches the port cannot fill the log: a flood of each kind is a line, and then a
# count. A flood of openings is bounded too.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 1M --pool a=1M
raw <<'PY'
floods = {
    "garbage": lambda c: c.s.sendall(b"GET / HTTP/1.1\r\n\r\n"),
    "flags": lambda c: c.s.sendall(b"\xff" * 4),
    "magic": lambda c: c.s.sendall(b"\0\0\0\3" + b"x" * 16),
    "size": lambda c: c.s.sendall(b"\0\0\0\3" + option_bytes(LIST, b"", 1 << 31)),
    "name": lambda c: c.s.sendall(b"\0\0\0\3" + option_bytes(EXPORT_NAME, b"none")),
    "request": lambda c: c.s.sendall(b"\0\0\0\3" + go_bytes("a") + b"x" * 28),
}
for flood in floods.values():
    for _ in range(500):
        c = Conn(greet=False)
        flood(c)
        try:
            while c.s.recv(4096):
                pass
        except ConnectionError:
            pass
        c.close()
PY
kill -USR1 "$lender_pid"
wait_for 10 grep -q 'more within a minute: a request without its magic number' "$tmp/lender.log"
opens=$(grep -c 'opens pool' "$tmp/lender.log")
[ "$opens" -le 600 ] || fail "$opens openings"
others=$(grep -cv 'opens pool' "$tmp/lender.log")
[ "$others" -le 15 ] || fail "$others lines: $(cat "$tmp/lender.log")"
total=$(awk '/more within a minute/ { n += $2 } END { print n }' "$tmp/lender.log")
hangs=$(grep -c 'hanging up' "$tmp/lender.log")
[ $((total + hangs)) = 3000 ] || fail "$total and $hangs are not 3000"
