#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# DISC: all that was asked before is finished and answered, what comes after
# is not even looked at, and then the lender hangs up.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 64M --pool a=64M --pool b=64M,thin
raw <<'PY'
data = b"".join(page(n) for n in range(3200))
Conn("a").write(0, data)
for answers_later in False, True:
    c = Conn("a")
    requests = [(READ, i * 64 * KIB, 64 * KIB, b"") for i in range(200)]
    requests += [(WRITE, 32 * MIB + i * PAGE, PAGE, page(i, 7)) for i in range(100)]
    requests += [(TRIM, 48 * MIB, 16 * MIB, b"")]
    out = b"".join(request(w, o, n, 0, i, d) for i, (w, o, n, d) in enumerate(requests))
    out += request(DISC) + request(WRITE, 0, PAGE, 0, 0, page(1, 9))
    c.s.sendall(out)
    if answers_later:       # the replies do not fit into the socket
        wait_for(lambda: Conn("a").read(32 * MIB + 99 * PAGE, PAGE) == page(99, 7))
    for i, (what, offset, n, _) in enumerate(requests):
        got = c.reply(n if what == READ else 0, i)
        assert got == data[offset:offset + len(got)], i
    assert c.closed(), "bytes after the last answer"
    other = Conn("a")
    assert other.read(0, PAGE) == page(0), "a request after DISC was carried out"
    for i in range(100):
        assert other.read(32 * MIB + i * PAGE, PAGE) == page(i, 7), i
    other.trim(32 * MIB, MIB)
PY
