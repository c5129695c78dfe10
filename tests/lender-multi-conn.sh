#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What one connection was answered, every other one sees, whatever their loops.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --threads 4 --lend 16M --pool a=16M
raw <<'PY'
conns = [Conn("a") for _ in range(8)]
assert all(c.flags & FLAG_MULTI_CONN for c in conns)
for rounds in range(2000):
    writer, n = random.choice(conns), random.randrange(4096)
    erase = rounds % 3 == 0
    if erase:
        writer.ask(random.choice((TRIM, ZERO)), n * PAGE, PAGE)
    else:
        writer.write(n * PAGE, page(n, rounds))
    # All at once, so that each loop has one under way.
    for c in conns:
        c.send(READ, n * PAGE, PAGE)
    for i, c in enumerate(conns):
        got = c.reply(PAGE)
        want = bytes(PAGE) if erase else page(n, rounds)
        assert got == want, "round %d: connection %d does not see it" % (rounds, i)
PY
