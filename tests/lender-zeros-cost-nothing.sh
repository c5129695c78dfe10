#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A borrower that writes zeros over a full pool has given all of it back; what it wrote is a hole. So for
# many at once, with data beside the zeros, over a restart, and after a SIGKILL in the middle of it.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdinfo
on_tmpfs
start() { lender --lend 64M --threads 2 --state-dir "$state/p" --pool a=32M --pool t=32M,thin; }
start
raw <<'PY'
def full(name):
    c = Conn(name)
    for at in range(0, 32 * MIB, MIB):
        c.write(at, b"".join(page(at // PAGE + n) for n in range(256)))
    return c
for name in "at":
    full(name).write(0, bytes(32 * MIB))
    assert int(Conn(name).about["used"]) == 0
# Each has every fourth page, and puts zeros and others by turns; the last is odd pages' data.
def client(name, mine):
    c, dice = Conn(name), random.Random(mine)
    for turn in range(60):
        for n in range(mine, 400, 4):
            c.send(WRITE, n * PAGE, PAGE, 0, page(n, turn) if turn == 59 and n % 2 or turn < 59 and dice.random() < .5 else bytes(PAGE))
        for n in range(mine, 400, 4):
            c.reply()
for name in "at":
    full(name)
    threads = [threading.Thread(target=client, args=(name, i)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    c = Conn(name)
    for n in range(400):
        assert c.read(n * PAGE, PAGE) == (page(n, 59) if n % 2 else bytes(PAGE)), n
    assert int(Conn(name).about["used"]) == 32 * MIB - 200 * PAGE, Conn(name).about
PY
for pool in a t; do
    nbdinfo --map "nbd://127.0.0.1:$port/$pool" | awk '$3 == 3 { n += $2 } END { exit n != 200 * 4096 }' ||
        fail "$(nbdinfo --map "nbd://127.0.0.1:$port/$pool" | head)"
done
raw "$lender_pid" <<'PY'
c = Conn("a")
c.send(WRITE, 0, 32 * MIB, 0, bytes(32 * MIB))
wait_for(lambda: int(Conn("a").about["used"]) < 30 * MIB)
os.kill(int(sys.argv[1]), signal.SIGKILL)
PY
wait "$lender_pid" || true
start
raw <<'PY'
c = Conn("a")
assert c.read(0, 32 * MIB) == bytes(32 * MIB)
c.write(0, bytes(32 * MIB))
assert int(Conn("a").about["used"]) == 0
PY
