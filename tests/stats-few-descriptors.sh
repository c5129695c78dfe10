#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Who asks for figures when there is no descriptor left is answered as soon as there is one, and nothing spins
# meanwhile: neither the lender nor the plugin.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires prlimit nbdkit
lender --lend 1M --pool a=1M --stats "$tmp/lender.stats"
borrower "lender=127.0.0.1:$port" "stats=$tmp/borrower.stats"
/usr/bin/python3 - "$lender_pid:$tmp/lender.stats" "$borrower_pid:$tmp/borrower.stats" <<'PY'
import os, resource, socket, sys, time

def cpu_ticks(pid):
    with open("/proc/%d/stat" % pid) as f:
        return sum(map(int, f.read().rsplit(")", 1)[1].split()[11:13]))

for which in sys.argv[1:]:
    pid, at = int(which.split(":")[0]), which.split(":")[1]
    free = next(n for n in range(1000) if not os.path.lexists("/proc/%d/fd/%d" % (pid, n)))
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (free, before[1]))
    s = socket.socket(socket.AF_UNIX)
    s.connect(at)
    time.sleep(.5)
    ticks = cpu_ticks(pid)
    time.sleep(3)
    assert cpu_ticks(pid) - ticks < 15, "%s: %d ticks in 3 s" % (at, cpu_ticks(pid) - ticks)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    s.settimeout(30)
    assert s.recv(1) == b"{", at
PY
