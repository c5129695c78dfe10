#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Nobody reads nbdkit's standard error, and its pipe is full: pages go on, lenders are looked after, and
# it ends when it is told to. Whoever reads again is told how many lines were lost.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit nbdinfo
lenders 3 --lend 64M --pool a=64M
mkfifo "$tmp/pipe"
exec 8<>"$tmp/pipe"
/usr/bin/python3 -c 'import fcntl, os
fcntl.fcntl(8, fcntl.F_SETPIPE_SZ, 4096)
os.set_blocking(8, False)
os.write(8, b"x" * 4095 + b"\n")
os.set_blocking(8, True)'
list "127.0.0.1:$port1" "127.0.0.1:$port2"
sock=$tmp/borrower.sock
"$FARPAGE_BUILDDIR/run" nbdkit -f -P "$tmp/pid" -U "$sock" farpage lenders="$tmp/lenders" copies=2 2>"$tmp/pipe" 8<&- &
borrower_pid=$!
cleanup "kill -KILL $borrower_pid 2>/dev/null"
wait_for 20 test -s "$tmp/pid"

kill -KILL "$pid1"
list "127.0.0.1:$port1 drain" "127.0.0.1:$port2" "127.0.0.1:$port3"
nbdsh_at "nbd+unix:///?socket=$sock" <<'PY'
for i in range(256):
    h.pwrite(page(b"%c" % (65 + i % 26)), i * 4096)
PY
# The third lender is used, so who looks after them does not wait.
has_pages() { [ "$(used_at "$port3" a)" = 1048576 ]; }
wait_for 30 has_pages

# Now it is read, and there is one thing more to tell.
cat <&8 >"$tmp/borrower.log" &
cleanup "kill $! 2>/dev/null"
list '# nobody'
lost() { grep -q 'nbdkit: farpage: warning: the reader of this log was too slow: [1-9][0-9]* lines* .* lost' "$tmp/borrower.log"; }
wait_for 20 lost
wait_for 10 warned 'lenders=.*it has no lender'

# And once more nobody does.
kill $!
/usr/bin/python3 -c 'import os
os.set_blocking(8, False)
try:
    while True: os.write(8, b"x")
except BlockingIOError: pass
os.set_blocking(8, True)'
list 'a b c'
sleep 3 # it has found that it cannot tell
kill "$borrower_pid"
begin=$(date +%s)
wait "$borrower_pid" || fail "nbdkit ended with $?"
[ $(($(date +%s) - begin)) -lt 10 ] || fail "it took $(($(date +%s) - begin)) s to end"
