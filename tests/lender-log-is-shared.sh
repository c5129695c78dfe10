#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Its log is a pipe that another program fills all the time and somebody reads at leisure, or a
# socket that nobody reads: no page waits for a line, and it says how many are lost.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
for kind in pipe socket; do
    : >"$tmp/lender.log"
    /usr/bin/python3 - $kind "$tmp" farpaged --listen 127.0.0.1:0 --lend 1M --pool a=1M --log-level debug <<'PY' &
import os, socket, subprocess, sys, threading, time
kind, tmp = sys.argv[1:3]
if kind == "pipe":
    here, there = os.pipe()
else:
    a, b = socket.socketpair()
    here, there = a.fileno(), b.fileno()
lender = subprocess.Popen(sys.argv[3:], stderr=there)
log = open(tmp + "/lender.log", "w")
def read():
    log.write(os.read(here, 4096).decode())
    log.flush()
while "listening" not in open(tmp + "/lender.log").read():
    read()
def fill():
    while True:
        os.write(there, b"somebody else's\n")
if kind == "socket":
    b.close()
else:
    threading.Thread(target=fill, daemon=True).start()
open(tmp + "/pid", "w").write(str(lender.pid))
while not os.path.exists(tmp + "/read"):
    if kind == "pipe":
        os.read(here, 50)
    time.sleep(.05)
while lender.poll() is None:
    read()
PY
    reader_pid=$!
    cleanup "kill $reader_pid 2>/dev/null"
    wait_for 10 test -s "$tmp/pid"
    lender_pid=$(cat "$tmp/pid")
    cleanup "kill $lender_pid 2>/dev/null"
    port=$(sed -n 's/.*listening on 127.0.0.1:\([0-9]*\)$/\1/p' "$tmp/lender.log")
    raw "$tmp" <<'PY' || fail "with a $kind"
c = Conn("a?claim=me")
c.write(0, page(0))
slowest = 0
for _ in range(2000):
    Conn("a").close()
    start = time.monotonic()
    assert c.read(0, PAGE) == page(0)
    slowest = max(slowest, time.monotonic() - start)
assert slowest < 2, "a page waited %.1f s" % slowest
open(sys.argv[1] + "/read", "w").close()
def lost():
    Conn("a").close()
    with open(sys.argv[1] + "/lender.log") as f:
        return "the reader of this log was too slow: " in f.read()
wait_for(lost)
PY
    kill "$lender_pid"
    wait $reader_pid || fail "$kind: it did not end"
    rm "$tmp/pid" "$tmp/read"
done
