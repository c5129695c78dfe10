#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# farpage-front hears SIGTERM, SIGINT and SIGQUIT, whatever signal came before; no other one does anything. One that was
# suspended goes on. While somebody uses the device, only SIGQUIT ends it.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 64M --pool a=16M
export FARPAGE_FRONT=yes
for last in TERM INT QUIT; do
    borrower "lender=127.0.0.1:$port" stats="$tmp/stats"
    nbdsh_at "nbd+unix:///?socket=$sock" "$borrower_pid" "$last" "$tmp/borrower.log" "$lender_pid" <<'PY'
import signal, time
pid, last, log = int(sys.argv[2]), getattr(signal, "SIG" + sys.argv[3]), sys.argv[4]
def refusals():
    return open(log).read().count("not ending: ")
h.pwrite(page(b"a"), 0)
ends = {"KILL", "STOP", "TERM", "INT", "QUIT", "ABRT", "BUS", "FPE", "ILL", "SEGV", "SYS", "TRAP"}
for number in sorted(set(signal.valid_signals()) - {getattr(signal, "SIG" + name) for name in ends}):
    os.kill(pid, number)
    assert h.pread(4096, 0) == page(b"a"), number
os.kill(pid, signal.SIGSTOP)
read = h.aio_pread(nbd.Buffer(4096), 0)
h.poll(300)
assert not h.aio_command_completed(read)
os.kill(pid, signal.SIGCONT)
while not h.aio_command_completed(read):
    h.poll(-1)
for n in range(3):
    os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + 10
    while refusals() <= n:
        assert time.monotonic() < end, "SIGTERM was not heard"
        time.sleep(.02)
    assert h.pread(4096, 0) == page(b"a")
if last == signal.SIGQUIT:
    # What is under way then is answered only after the device has gone.
    lender = int(sys.argv[5])
    os.kill(lender, signal.SIGSTOP)
    reads = [h.aio_pread(nbd.Buffer(32 * 4096), 0) for n in range(16)]
    h.poll(300)
    os.kill(pid, last)
    try:
        while True:
            h.poll(-1)
    except nbd.Error:
        pass
    time.sleep(.5)
    os.kill(lender, signal.SIGCONT)
    os._exit(0)
PY
    [ $last = QUIT ] || kill -$last "$borrower_pid"
    wait "$borrower_pid" || fail "$last: it ended with $?"
    left=$(ls "$tmp/stats" "$sock" 2>/dev/null || :)
    [ -z "$left" ] || fail "$last: its sockets are left"
done
