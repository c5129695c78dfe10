#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# 10,000 that connect and say nothing, or half a word, cost 8 MiB at most, and no client
# its service; with the limits as they are by default they cost next to nothing. All is
# over when their deadline is.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
many=10000
[ "$(ulimit -H -n)" -gt $((many + 500)) ] || { echo "SKIPPED: this host allows $(ulimit -H -n) descriptors" >&2; exit 77; }
ulimit -S -n "$(ulimit -H -n)"
flood() { # KiB that it may cost, and how many are let in at least
    raw "$lender_pid" $many "$1" "$2" <<'PY'
pid, many, most, least = map(int, sys.argv[1:5])
def rss():
    with open("/proc/%d/status" % pid) as f:
        return int([line.split()[1] for line in f if line.startswith("VmRSS")][0])
def descriptors():
    return len(os.listdir("/proc/%d/fd" % pid))
witness = Witness("a", 0, 16)
witness.progress(50)
before, few = rss(), descriptors()
words = [b"", b"\0\0\0\3", b"\0\0\0\3IHAVEOPT", b"\0\0\0\3" + go_bytes("a")[:-1]]
sockets, peak = [], 0
for i in range(many):
    s = socket.socket()
    s.setblocking(False)
    s.bind(("127.0.1.%d" % (i % 40 + 1), 0))
    s.connect_ex(("127.0.0.1", int(sys.modules["rawnbd"]._port)))
    sockets.append((s, words[i % len(words)]))
    if i % 500 == 499:
        for s, say in sockets[-500:]:
            try:
                s.send(say)
            except OSError:
                pass
        witness.progress(5)
        peak = max(peak, rss())
print("%d at once, %d KiB more, %d descriptors" % (many, peak - before, descriptors()))
assert peak - before <= most, (before, peak)
assert descriptors() > least, descriptors()
witness.progress(50)
wait_for(lambda: descriptors() <= few, 30)
witness.finish()
PY
}
if sanitized; then most=200000; else most=8192; fi
lender --lend 4M --pool a=1M --max-connections 20000 --max-per-address 20000
flood $most $((many * 9 / 10))
lender --lend 4M --pool a=1M --max-per-address 2
flood $((most / 9)) 0
