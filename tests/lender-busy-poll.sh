#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# --busy-poll: while requests come, the lender does not sleep between them; when
# none come, it does; and it ends as ever.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
for threads in 1 2; do
    lender --lend 2M --pool a=1M --pool b=1M --threads $threads --busy-poll 200000
    raw "$lender_pid" <<'PY'
def cpu():
    with open("/proc/%s/stat" % sys.argv[1]) as f:
        return sum(map(int, f.read().rsplit(") ", 1)[1].split()[11:13])) / os.sysconf("SC_CLK_TCK")

conns = [Conn("a"), Conn("b")]
for n in range(64):
    for c in conns:
        c.write(n * PAGE, page(n))
before, end = cpu(), time.monotonic() + 0.15
while time.monotonic() < end:
    pass
assert cpu() > before, "it sleeps at once"
time.sleep(0.5)
before = cpu()
time.sleep(1)
assert cpu() - before < 0.1, "it looks on for ever: %.2f s of 1" % (cpu() - before)
for c in conns:
    assert c.read(0, 64 * PAGE) == b"".join(page(n) for n in range(64))
PY
    end_lender "$lender_pid"
    [ "$lender_status" = 0 ] || fail "it ended with $lender_status"
done
