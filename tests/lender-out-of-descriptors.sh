#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Out of descriptors it serves whom it has, does not spin, and takes newcomers all the
# same: who says nothing keeps no descriptor from one that does.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires prlimit
lender --threads 2 --lend 1M --pool a=1M
prlimit --pid "$lender_pid" --nofile=40:40
raw "$lender_pid" "$tmp/lender.log" <<'PY'
pid, log = sys.argv[1:]

def said():
    with open(log) as f:
        return f.read().count("cannot accept")

def cpu_seconds():
    with open("/proc/%s/stat" % pid) as f:
        return sum(map(int, f.read().rsplit(")", 1)[1].split()[11:13])) / os.sysconf("SC_CLK_TCK")

first = Conn("a")
crowd = [Conn(greet=False) for _ in range(60)]
wait_for(said)
before, start, words = cpu_seconds(), time.monotonic(), said()
while time.monotonic() < start + 3:
    for n in range(100):
        first.write(n * PAGE, page(n))
        assert first.read(n * PAGE, PAGE) == page(n)
    time.sleep(.1)
assert cpu_seconds() - before < 1.5, "it spins: %.1f s" % (cpu_seconds() - before)
assert said() - words <= 5, "it fills the log"
start = time.monotonic()
late = Conn("a")
assert late.read(5 * PAGE, PAGE) == page(5)
owner = Conn("a?claim=me")
owner.write(0, page(1))
assert time.monotonic() < start + 4, "they came in after %.1f s" % (time.monotonic() - start)
for c in crowd:
    c.close()
wait_for(lambda: len(os.listdir("/proc/%s/fd" % pid)) < 35)
PY
