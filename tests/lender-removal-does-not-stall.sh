#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# While the memory of a large pool that was removed goes back, others go on; another pool may have its
# share, and its name, at once.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
common='listen = 127.0.0.1:0
lend = 600M
keep-free = 0
pool = b=1M'
printf '%s\n' "$common" 'pool = a=512M,revocable' >"$tmp/lender.conf"
lender --config "$tmp/lender.conf"
printf '%s\n' "$common" 'pool = a=599M,revocable' >"$tmp/next.conf"
printf '%s\n' "$common" 'drop-pool = a' >"$tmp/none.conf"
raw "$lender_pid" "$tmp" <<'PY'
pid, tmp = int(sys.argv[1]), sys.argv[2]
def kib():
    with open("/proc/%d/status" % pid) as f:
        return next(int(line.split()[1]) for line in f if line.startswith("RssShmem"))
def conf(name):
    os.rename(tmp + "/" + name, tmp + "/lender.conf")
    os.kill(pid, signal.SIGHUP)
c = Conn("a")
data = b"".join(page(n) for n in range(8192))
for offset in range(0, 512 * MIB, len(data)):
    c.write(offset, data)
c.close()
witness = Witness("b")
witness.progress()
before, start, full = witness.ops, time.monotonic(), kib()
conf("none.conf")
wait_for(lambda: kib() < full - 64 * 1024, 60)
first = witness.ops
wait_for(lambda: kib() <= 1024, 60)
took, ops = time.monotonic() - start, witness.ops - before
print("%.0f ms, meanwhile %d operations" % (took * 1000, ops))
witness.finish()
# It waits for a slice of 1 MiB or two: 256 at best. All at once are five at most.
assert ops >= 15 and witness.ops > first, ops
conf("next.conf")
wait_for(lambda: not refused("a"), 60)
c = Conn("a")
assert c.size == 599 * MIB and c.read(0, PAGE) == bytes(PAGE)
PY
