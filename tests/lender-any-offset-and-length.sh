#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Any offset and length down to one byte: random operations against a model.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 4M --pool a=3M
raw <<'PY'
seed = int(os.environ.get("SEED", random.randrange(1 << 30)))
print("SEED=%d" % seed)
random.seed(seed)
size = 3 * MIB
model = bytearray(size)
kept = [False] * (size // PAGE)
conns = [Conn("a") for _ in range(3)]

def length():
    n = random.choice((1, 2, 511, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE, 128 * KIB, 600 * KIB))
    return n if random.random() < .3 else random.randint(1, n)

def touch(offset, n):
    for p in range(offset // PAGE, (offset + n - 1) // PAGE + 1):
        kept[p] = True

def erase(offset, n):
    model[offset:offset + n] = bytes(n)
    for p in range(-(-offset // PAGE), (offset + n) // PAGE):
        kept[p] = False

for i in range(4000):
    c = random.choice(conns)
    n = length()
    offset = random.randint(0, size - n)
    if random.random() < .4:
        offset -= offset % PAGE
    what = random.choice((READ, READ, WRITE, WRITE, WRITE, TRIM, ZERO, NO_HOLE + 100, CACHE, FLUSH))
    try:
        if what == READ:
            assert c.read(offset, n) == model[offset:offset + n]
        elif what == WRITE:
            data = random.randbytes(n)
            c.write(offset, data, random.choice((0, FUA)))
            model[offset:offset + n] = data
            touch(offset, n)
        elif what in (TRIM, ZERO):
            c.ask(what, offset, n, random.choice((0, FUA)))
            erase(offset, n)
        elif what == NO_HOLE + 100:
            c.ask(ZERO, offset, n, NO_HOLE)
            model[offset:offset + n] = bytes(n)
            touch(offset, n)
        else:
            c.ask(what, *(0, 0) if what == FLUSH else (offset, n))
    except AssertionError:
        raise SystemExit("operation %d, %d at %d+%d: wrong bytes" % (i, what, offset, n))
assert conns[0].read(0, size) == model
assert int(Conn("a").about["used"]) == sum(kept) * PAGE
PY
