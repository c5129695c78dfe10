#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nbdkit in the background has no standard error: the system's log is told, also one that is started
# anew, and one that nobody reads holds nothing up.
if [ -z "${OWN_DEV-}" ]; then
    if [ "$(id -u)" != 0 ] || ! unshare -m mount -t tmpfs none /mnt 2>/dev/null; then
        echo 'SKIPPED: cannot have a mount namespace' >&2
        exit 77
    fi
    OWN_DEV=1 exec unshare -m "$0" "$@"
fi
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit nbdinfo
mkdir "$tmp/dev" "$tmp/dev/shm"
cp -a /dev/null /dev/zero /dev/random /dev/urandom /dev/full "$tmp/dev"
mount --bind "$tmp/dev" /dev
syslog() { # [mute]
    rm -f /dev/log
    /usr/bin/python3 -c 'import os, signal, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("/dev/log")
if sys.argv[1:]: signal.pause()
while True: print(s.recv(4096).decode(), flush=True)' "$@" >>"$tmp/syslog" 8<&- &
    syslog_pid=$!
    cleanup "kill $syslog_pid 2>/dev/null"
    wait_for 10 test -S /dev/log
}
told() { grep -q "^<28>nbdkit\[$borrower_pid]: farpage: warning: $1" "$tmp/syslog"; }
syslog
lenders 2 --lend 64M --pool a=64M
list "127.0.0.1:$port1"
sock=$tmp/borrower.sock
"$FARPAGE_BUILDDIR/run" nbdkit -P "$tmp/pid" -U "$sock" farpage "lender=127.0.0.1:$port2" lenders="$tmp/lenders" \
    copies=2 >"$tmp/out" 2>"$tmp/err" || fail "$(cat "$tmp/err")"
wait_for 20 test -s "$tmp/pid"
borrower_pid=$(cat "$tmp/pid")
cleanup "kill -KILL $borrower_pid 2>/dev/null"
[ "$(readlink "/proc/$borrower_pid/fd/2")" = /dev/null ] || fail 'it has a standard error'
before=$(wc -c <"$tmp/err")
kill -KILL "$pid1"
wait_for 20 told "lender 127.0.0.1:$port1 is lost: "
[ "$(wc -c <"$tmp/err")" = "$before" ] || fail 'it writes to what its parent had'

# Whoever has the log is another one.
kill $syslog_pid
wait $syslog_pid || :
syslog
list 'a b c'
wait_for 20 told "lenders=.*line 1, a b c: "

# Who has it reads nothing any more.
kill $syslog_pid
wait $syslog_pid || :
syslog mute
/usr/bin/python3 -c 'import socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.setblocking(False)
s.connect("/dev/log")
try:
    while True: s.send(b"x")
except BlockingIOError: pass'
list "127.0.0.1:$port1 drain"
sleep 3 # it has found that it cannot tell
nbdsh_at "nbd+unix:///?socket=$sock" <<'PY'
h.pwrite(page(b"a"), 0)
assert h.pread(4096, 0) == page(b"a")
PY
kill "$borrower_pid"
wait_for 10 sh -c "! kill -0 $borrower_pid"
