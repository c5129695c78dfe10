#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The NBD face, with answers in no order: many requests at a time over several connections, which begin and end
# anywhere and often share a page, but never a byte. Each byte is what was written last, in simple replies and in
# chunks, with much room and with little.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
export FARPAGE_FACE
for FARPAGE_FACE in '-d 32 -l 2' '-d 3 -l 1' '-d 1'; do
    . "$FARPAGE_SRCDIR/tests/face.sh"
    lender --pool a=4M --listen "unix:$tmp/sock"
    python3_nbd - "$tmp/sock" <<'PY' || fail "with $FARPAGE_FACE"
import nbd, os, random, sys
seed = int(os.environ.get("SEED", random.randrange(1 << 30)))
print("SEED=%d" % seed)
random.seed(seed)
SIZE = 4 << 20
model = bytearray(SIZE)

def connect(structured):
    h = nbd.NBD()
    h.set_request_structured_replies(structured)
    h.connect_unix(sys.argv[1])
    return h

hs = [connect(i % 2 == 0) for i in range(4)]

def stretches():
    """All of the device, or a little of it, cut anywhere."""
    at = random.choice((0, random.randrange(SIZE)))
    end = SIZE if at == 0 and random.random() < .1 else min(SIZE, at + random.choice((9000, 70000, 1500000)))
    mean = random.choice((700, 5000, 60000, 700000))
    while at < end:
        n = min(end - at, random.randint(1, 2 * mean))
        if random.random() < .3:
            n = min(end - at, -(-n // 4096) * 4096)
        yield at, n
        at += n

def wait(pending):
    while pending:
        for h in hs:
            h.poll(1) if h.aio_in_flight() else None
        for item in pending[:]:
            h, cookie = item[0], item[1]
            if h.aio_command_completed(cookie):
                pending.remove(item)
                yield item

for round in range(40):
    todo = list(stretches())[:300]
    random.shuffle(todo)
    pending = []
    for at, n in todo:
        h = random.choice(hs)
        what = random.random()
        if what < .7:
            data = random.randbytes(n)
            cookie = h.aio_pwrite(nbd.Buffer.from_bytearray(bytearray(data)), at)
        else:
            data = bytes(n)
            cookie = h.aio_trim(n, at) if what < .85 else h.aio_zero(n, at, flags=random.choice((0, nbd.CMD_FLAG_NO_HOLE)))
        model[at:at + n] = data
        pending.append((h, cookie))
    for _ in wait(pending):
        pass
    todo = list(stretches())[:300]
    random.shuffle(todo)
    for at, n in todo:
        h = random.choice(hs)
        buf = nbd.Buffer(n)
        if h.get_structured_replies_negotiated() and n < 60000 and random.random() < .3:
            cookie = h.aio_pread_structured(buf, at, lambda *chunk: 0, flags=nbd.CMD_FLAG_DF)
        else:
            cookie = h.aio_pread(buf, at)
        pending.append((h, cookie, buf, at, n))
    for _, _, buf, at, n in wait(pending):
        assert buf.to_bytearray() == model[at:at + n], (round, at, n)
assert hs[0].pread(SIZE, 0) == model and hs[1].pread(SIZE, 0) == model
PY
    counted
    echo "$counted"
    end_face "$lender_pid"
done
