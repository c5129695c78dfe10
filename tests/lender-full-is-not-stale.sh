#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# When memory runs out in the middle of a write, each of its pages is the new
# one or flushed: never what was there before, never a part.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 64K --pool a=1M,thin
raw <<'PY'
c = Conn("a")
seed = random.randrange(1 << 30)
print("seed", seed)
random.seed(seed)
refusals = 0
for generation in range(1, 300):
    # A write over some pages that are there and some that are not.
    first, n = random.randrange(40), random.randrange(1, 24)
    head = random.choice((0, 0, 1, 100, 4095))
    tail = random.choice((0, 0, 1, 100, 4095))
    if head + tail >= n * PAGE:
        head = 0
    old = c.read(first * PAGE, n * PAGE)
    data = b"".join(page(first + i, generation) for i in range(n))
    data = data[head:n * PAGE - tail]
    error = c.error(WRITE, first * PAGE + head, len(data), 0, data)
    want = old[:head] + data + old[n * PAGE - tail:]
    got = c.read(first * PAGE, n * PAGE)
    flushed = 0
    for i in range(n):
        at = slice(i * PAGE, i * PAGE + PAGE)
        if got[at] != want[at]:
            assert got[at] == bytes(PAGE), "page %d is neither new nor flushed" % (first + i)
            assert old[at] == bytes(PAGE), "page %d was there, and is lost" % (first + i)
            flushed += 1
    assert error == (ENOSPC if flushed else 0), (error, flushed)
    refusals += flushed > 0
    used = sum(c.read(i * PAGE, PAGE) != bytes(PAGE) for i in range(64))
    assert used <= 16 and (not flushed or used == 16), used
    if flushed or used == 16:
        c.trim(random.randrange(64) * PAGE, PAGE)
        c.trim(first * PAGE, random.randrange(1, 8) * PAGE)
assert refusals > 20, refusals
PY
