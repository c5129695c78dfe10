#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The watchdog hears from it while all loops live, idle or busy. One that hangs ends
# that, whichever it is; the others go on.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
built_with LIBSYSTEMD
manager
export WATCHDOG_USEC=400000
lender --threads 3 --lend 1M --pool a=1M
wait_for 10 told READY=1
raw "$lender_pid" "$tmp/told" <<'PY'
import ctypes
pid, log = int(sys.argv[1]), sys.argv[2]
SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17
libc = ctypes.CDLL(None, use_errno=True)

def ptrace(what, task):
    if libc.ptrace(what, task, None, None) < 0:
        e = ctypes.get_errno()
        if e == 1:
            print("SKIPPED: may not trace", file=sys.stderr)
            sys.exit(77)
        raise OSError(e, os.strerror(e))

def pings():
    with open(log) as f:
        return f.read().count("WATCHDOG=1\n")

def more():
    before = pings()
    wait_for(lambda: pings() >= before + 3)

more()
witness = Witness("a")
more()
witness.finish()
tasks = sorted(map(int, os.listdir("/proc/%d/task" % pid)))
assert len(tasks) == 3
for task in tasks:
    ptrace(SEIZE, task)
    ptrace(INTERRUPT, task)
    assert os.waitpid(task, 0x40000000)[0] == task  # __WALL
    before = pings()
    if task != pid:
        Conn(greet=False)  # the first one accepts
    time.sleep(1.5)  # 15 of them, but for one on its way and one that was answered before
    assert pings() <= before + 2, "task %d hangs, and %d pings" % (task, pings() - before)
    ptrace(DETACH, task)
    more()
PY
