#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# SIGKILL at any moment: the next farpaged has every page whose put was answered.
# One whose put was not is old, new or flushed, and never half.
time_limit=300
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
on_tmpfs
: >"$tmp/model"
port=0
for round in $(seq 32); do
    lender --listen "127.0.0.1:$port" --threads 2 --lend 64M --pool a=8M --state-dir "$state"
    raw "$lender_pid" "$tmp/model" "$round" <<'PY' || fail "round $round"
import pickle
PAGES = 2048
pid, path, rnd = int(sys.argv[1]), sys.argv[2], random.Random(int(sys.argv[3]))
with open(path, "rb") as f:
    model = pickle.loads(f.read() or pickle.dumps({}))
# For each page what it may be, as generations; 0 is flushed.
now = Conn("a").read(0, PAGES * PAGE)
bad = []
for n in range(PAGES):
    may = model.get(n, [0])
    was = [g for g in may if now[n * PAGE:(n + 1) * PAGE] == (page(n, g) if g else bytes(PAGE))]
    if not was:
        bad.append((n, may, now[n * PAGE:(n + 1) * PAGE] == bytes(PAGE)))
    model[n] = was[:1]
assert not bad, "%d pages are none of what they may be; number, that, whether zeros: %s" % (len(bad), bad[:5])
used = int(Conn("a").about["used"])
assert used == PAGE * sum(model[n] != [0] for n in range(PAGES)), used
conns = [Conn("a") for _ in range(4)]
timer = threading.Timer(rnd.uniform(0, 0.3), os.kill, (pid, signal.SIGKILL))
timer.start()
generation = int(sys.argv[3]) * 1000000
try:
    while True:
        batch = []
        for i, c in enumerate(conns):  # each has pages of its own
            first, n = i * 512 + rnd.randrange(480), rnd.choice([1, 1, 8, 32])
            generation += 1
            gen = generation if rnd.random() < .9 else 0
            for k in range(first, first + n):
                model[k] = model[k] + [gen, 0]
            batch.append((c, first, n, gen))
            data = b"".join(page(k, gen) for k in range(first, first + n)) if gen else b""
            c.send(WRITE if gen else TRIM, first * PAGE, n * PAGE, data=data)
        for c, first, n, gen in batch:
            c.reply()
            for k in range(first, first + n):
                model[k] = [gen]
except (EOFError, OSError):
    pass
timer.join()
with open(path, "wb") as f:
    pickle.dump(model, f)
PY
    wait "$lender_pid" || [ $? = 137 ] || fail "round $round: not by SIGKILL"
done
