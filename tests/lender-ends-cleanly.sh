#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# SIGTERM and SIGINT end it at once with status 0, in the middle of traffic and
# with clients of all kinds; pid-file and socket are gone, and so are they.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
for how in TERM INT; do
    for threads in 1 4; do
        lender --threads $threads --lend 256M --pool a=256M --pid-file "$tmp/pid" \
            --listen "unix:$tmp/sock" --listen 127.0.0.1:0
        wait_for 10 grep -qx "$lender_pid" "$tmp/pid"
        raw "$tmp/sock" "$lender_pid" $how <<'PY'
conns = [Conn("a"), Conn("a", to=sys.argv[1]), Conn(), Conn(greet=False), Conn("a?claim=me")]
mute = Conn("a", to=sys.argv[1])
mute.s.sendall(request(READ, 0, 32 * MIB) * 100)
half = Conn("a")
half.s.sendall(request(WRITE, 0, 100 * KIB, 0, 0, b"x" * 5000))
eraser = Conn("a?claim=me")
for offset in range(0, 256 * MIB, 32 * MIB):
    eraser.write(offset, b"x" * (32 * MIB))
eraser.s.sendall(request(TRIM, 0, 256 * MIB) * 3)
start = time.monotonic()
os.kill(int(sys.argv[2]), getattr(signal, "SIG" + sys.argv[3]))
for c in conns[2:4] + [eraser, half]:
    try:
        while c.s.recv(MIB):
            pass
    except ConnectionError:
        pass
assert time.monotonic() - start < 5, time.monotonic() - start
PY
        status=0
        wait "$lender_pid" || status=$?
        [ $status = 0 ] || fail "SIG$how, $threads threads: status $status"
        [ ! -e "$tmp/pid" ] || fail "the pid-file is still there"
        [ ! -e "$tmp/sock" ] || fail "the socket is still there"
    done
done
