#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# SIGKILL in the middle of traffic: every client gets an error at once, nobody
# a wrong byte, and the lender starts again on the same port, empty and new.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
for round in 1 2 3 4 5; do
    lender ${port+--listen "127.0.0.1:$port"} --threads 2 --lend 64M --pool a=64M
    raw "$lender_pid" "$tmp/seen" <<'PY' || fail "round $round"
assert Conn("a").about["used"] == "0", "it remembers pages"
with open(sys.argv[2], "a+") as f:
    f.seek(0)
    assert Conn("a").about["incarnation"] not in f.read(), "an incarnation twice"
    print(Conn("a").about["incarnation"], file=f)
witnesses = [Witness("a", 64 * i) for i in range(4)]
busy = Conn("a")
busy.s.sendall(request(READ, 0, 32 * MIB) * 10)
half = Conn("a")
half.s.sendall(request(WRITE, 32 * MIB, 32 * MIB) + b"x" * 10000)
for w in witnesses:
    w.progress(20)
os.kill(int(sys.argv[1]), signal.SIGKILL)
for w in witnesses:
    w.join(5)
    assert not w.is_alive(), "a client waits for a dead lender"
    assert isinstance(w.failure, (EOFError, ConnectionError)), repr(w.failure)
for c in busy, half:
    try:
        while c.s.recv(MIB):
            pass
    except ConnectionError:
        pass
PY
    wait "$lender_pid" || :
done
