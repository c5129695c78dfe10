#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# After the deadline pages of revocable pools are dropped, also while they are
# read: every read is the page or an error, or the connection ends; never zeros. The
# other pools keep all they have.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdinfo
ram=$(all_ram)
common='listen = 127.0.0.1:0
lend = 256M
threads = 2
vacate-deadline = 1
pool = keep=64M
pool = lose=128M,revocable
pool = thin=64M,thin,revocable'
printf '%s\n' "$common" 'keep-free = 0' >"$tmp/lender.conf"
lender --config "$tmp/lender.conf"
raw "$lender_pid" "$tmp/lender.conf" "$ram" <<'PY'
# Each page begins with its number, and no byte of it is 0.
def data(n):
    return b"%08d" % n + b"%16d" % (n * 7919 % 10**9) * 255 + b"%8d" % n
assert len(data(1)) == PAGE
pools = {"keep": 8 * MIB, "lose": 128 * MIB, "thin": 8 * MIB}
for name, size in pools.items():
    c = Conn(name)
    for at in range(0, size, MIB):
        c.write(at, b"".join(data(n) for n in range(at // PAGE, (at + MIB) // PAGE)))
results = {"good": 0, "error": 0, "cut": 0}
lock, done = threading.Lock(), threading.Event()

def reader(seed, length):
    dice, c = random.Random(seed), Conn("lose")
    while not done.is_set():
        first = dice.randrange((128 * MIB - length) // PAGE)
        try:
            got = c.read(first * PAGE, length)
            want = b"".join(data(first + i) for i in range(length // PAGE))
            assert got == want, "wrong bytes at page %d: %r" % (first, got[:32])
            what = "good"
        except Error as e:
            assert e.error == EIO, e
            what = "error"
        except (EOFError, ConnectionError):
            c, what = Conn("lose"), "cut"
        with lock:
            results[what] += 1

failures = []
def run(*args):
    try:
        reader(*args)
    except BaseException as e:
        failures.append(e)
threads = [threading.Thread(target=run, args=(i, (PAGE, 4 * MIB)[i % 2])) for i in range(4)]
for t in threads:
    t.start()
wait_for(lambda: results["good"] > 20 or failures, 60)
with open(sys.argv[2]) as f:
    conf = f.read()
with open(sys.argv[2], "w") as f:
    f.write(conf.replace("keep-free = 0", "keep-free = " + sys.argv[3]))
os.kill(int(sys.argv[1]), signal.SIGHUP)
wait_for(lambda: int(Conn("lose").about["used"]) == 0 or failures, 90)
errors = results["error"]
wait_for(lambda: results["error"] > errors + 20 or failures, 60)
done.set()
for t in threads:
    t.join()
print(results)
assert not failures, failures
for name in "lose", "thin":
    c = Conn(name)
    for n in range(0, pools[name] // PAGE, 97):
        assert c.error(READ, n * PAGE, PAGE) == EIO, n
    assert c.error(WRITE, 0, PAGE, 0, data(0)) == ENOSPC
    assert c.error(WRITE, 1, 5, 0, b"parts") == EIO
    assert c.error(READ, 0, PAGE) == EIO
assert Conn("thin").read(8 * MIB, PAGE) == bytes(PAGE), "this one never was there"
c = Conn("keep")
for n in range(pools["keep"] // PAGE):
    assert c.read(n * PAGE, PAGE) == data(n), n
PY
# 8 MiB are left.
[ "$(lender_kib)" -eq 8192 ] || fail "$(lender_kib) KiB are resident"
nbdinfo --map "nbd://127.0.0.1:$port/thin" | awk '{ print $1, $2, $3 }' >"$tmp/map"
diff - "$tmp/map" <<'EOF' || fail "what was dropped is told as a hole"
0 8388608 0
8388608 58720256 3
EOF
grep -q 'memory: short, vacate-deadline is over' "$tmp/lender.log" || fail "the log does not say so"
reload "$common" 'keep-free = 0'
wait_for 60 grep -q "memory: no shortage.*dropped 34816;" "$tmp/lender.log"
raw <<'PY'
c = Conn("lose")
c.write(0, page(0))
assert c.read(0, PAGE) == page(0) and c.error(READ, PAGE, PAGE) == EIO
c.trim(PAGE, PAGE)
assert c.read(0, 2 * PAGE) == page(0) + bytes(PAGE)
PY
