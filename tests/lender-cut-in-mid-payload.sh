#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A connection that is cut in the middle of a WRITE, at any byte: each of its
# pages is the old one, the new one or flushed.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 1M --pool a=1M
raw <<'PY'
PAGES = 5
looker = Conn("a")
linger = struct.pack("ii", 1, 0)

def cut(generation, offset, length, at, pieces, reset):
    old = b"".join(page(n, generation) for n in range(PAGES))
    looker.write(0, old)
    new = b"".join(page(n, -generation) for n in range(PAGES))
    c = Conn("a")
    out = request(WRITE, offset, length, 0, 1, new[offset:offset + length])[:at]
    for i in range(pieces):
        c.s.sendall(out[len(out) * i // pieces:len(out) * (i + 1) // pieces])
        if pieces > 1:
            looker.read(0, 1)       # the loop had its turn
    if reset:
        c.s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        c.close()
    else:
        c.half_close()
        assert c.closed(), "an answer to half a WRITE"
    got = looker.read(0, PAGES * PAGE)
    whole = at >= 28 + length
    want = old[:offset] + new[offset:offset + length] + old[offset + length:]
    for n in range(PAGES):
        p = slice(n * PAGE, n * PAGE + PAGE)
        touched = n * PAGE < offset + length and offset < n * PAGE + PAGE
        assert got[p] in (old[p], want[p], bytes(PAGE) if touched else want[p]), \
            "page %d is of two halves: %d bytes at %d, cut after %d" % (n, length, offset, at)
    assert reset or not whole or got == want

generation = 0
for offset, length in (0, 4 * PAGE), (100, 4 * PAGE), (PAGE - 1, PAGE + 2), (7, 9):
    edges = [28 - offset % PAGE + n * PAGE for n in range(PAGES)] + [28 + length]
    near = {e + d for e in edges for d in (-28, -2, -1, 0, 1, 2, 27, 28, 29)}
    far = set(random.sample(range(28 + length), min(60, length)))
    for at in sorted(x for x in near | far if 0 <= x < 28 + length):
        for pieces, reset in (1, False), (3, False), (2, True):
            generation += 1
            cut(generation, offset, length, at, pieces, reset)
assert generation > 500, generation
PY
