#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A clock that is set back by an hour means nothing to the lender: with busy-poll it does not look for requests
# all that hour, and when it is told to end, it ends also while a client has much to take.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
sanitized && { echo 'SKIPPED: what it is built with wants to be loaded first' >&2; exit 77; }
malloc_debug=$FARPAGE_BUILDDIR/tests/.libs/clockjump.so
export CLOCK_JUMPS="$tmp/jump"
lender --lend 1M --pool a=1M --busy-poll 1000
raw "$lender_pid" "$CLOCK_JUMPS" <<'PY'
pid, jump = int(sys.argv[1]), sys.argv[2]

def cpu_ticks():
    with open("/proc/%d/stat" % pid) as f:
        return sum(map(int, f.read().rsplit(")", 1)[1].split()[11:13]))

c = Conn("a")
c.read(0, PAGE)
open(jump, "w").close()
time.sleep(2)
before = cpu_ticks()
time.sleep(3)
assert cpu_ticks() - before < 10, "%d ticks of 3 s" % (cpu_ticks() - before)
os.remove(jump)
time.sleep(1) # it looks at its clock twice a second
c = Conn("a")
c.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * KIB)
c.s.sendall(request(READ, 0, MIB) * 1000)
os.kill(pid, signal.SIGTERM)
end = time.monotonic() + PATIENCE
told = time.monotonic() + 1
try:
    while c.s.recv(64 * KIB):
        time.sleep(.02)
        if time.monotonic() > told:
            open(jump, "w").close()
        assert time.monotonic() < end, "it does not end"
except ConnectionError:
    pass
PY
wait_for 20 sh -c "! kill -0 $lender_pid"
