#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# 10,000 that connect and say nothing, or half a word, cost next to nothing, and no client
# its service, however many connections are allowed: few wait at a time. All is over when
# their deadline is.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
many=10000
# What ASan keeps of freed blocks is not the lender's.
export ASAN_OPTIONS="quarantine_size_mb=8${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
[ "$(ulimit -H -n)" -gt $((many + 500)) ] || { echo "SKIPPED: this host allows $(ulimit -H -n) descriptors" >&2; exit 77; }
ulimit -S -n "$(ulimit -H -n)"
flood() { # KiB that it may cost
    raw "$lender_pid" $many "$1" <<'PY'
pid, many, most = map(int, sys.argv[1:4])
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
        assert descriptors() <= few + 600, descriptors()
print("%d at once, %d KiB more, %d descriptors" % (many, peak - before, descriptors()))
assert peak - before <= most, (before, peak)
witness.progress(50)
wait_for(lambda: descriptors() <= few, 30)
witness.finish()
PY
}
if sanitized; then most=22000; else most=1024; fi
lender --lend 4M --pool a=1M --max-connections 15000 --max-per-address 15000
flood $most
lender --lend 4M --pool a=1M --max-per-address 2
flood $most
