#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Four loops, eight clients that write, erase and verify areas of their own,
# page by page between each other, while others come and go.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --threads 4 --lend 64M --pool a=64M
raw <<'PY'
def client(k):
    random.seed(k)
    c = Conn("a")
    mine = [8 * i + k for i in range(2048)]     # every 8th page
    have = {}
    end = time.monotonic() + 5
    while time.monotonic() < end:
        some = random.sample(mine, 32)
        for n in some:
            if random.random() < .3:
                c.send(TRIM, n * PAGE, PAGE)
                have.pop(n, None)
            else:
                have[n] = random.randrange(1 << 30)
                c.send(WRITE, n * PAGE, PAGE, 0, page(n, have[n]))
        for _ in some:
            c.reply()
        for n in random.sample(mine, 32):
            want = page(n, have[n]) if n in have else bytes(PAGE)
            assert c.read(n * PAGE, PAGE) == want, "page %d of client %d" % (n, k)
        if random.random() < .1:
            c.close()
            c = Conn("a")
    for n in mine:
        want = page(n, have[n]) if n in have else bytes(PAGE)
        assert c.read(n * PAGE, PAGE) == want, "page %d of client %d" % (n, k)
    return len(have)

pids = []
for k in range(8):
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(w, b"%d" % client(k))
        os._exit(0)
    os.close(w)
    pids.append((pid, r))
kept = 0
for pid, r in pids:
    kept += int(os.read(r, 20) or 0)
    assert os.waitpid(pid, 0)[1] == 0, "a client failed"
assert int(Conn("a").about["used"]) == kept * PAGE, (kept, Conn("a").about)
PY
