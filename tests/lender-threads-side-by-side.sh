#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The same pages and their neighbours are put at the same time on several loops:
# no page is lost, none counted twice, no byte of another client's overwritten.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --threads 4 --lend 80M --pool a=64M,thin
raw <<'PY'
CLIENTS, PAGES = 4, 16384

def client(k, steps):
    """A byte into each page, in one go. Half of them put 1 0 3 2 5 4 ...: who
    is ahead has to make the pages, so that the others catch up with it."""
    c = Conn("a")
    put = b"".join(request(WRITE, (n ^ k & 1) * PAGE + k, 1, 0, n, bytes([k + 1]))
                   for n in range(PAGES))
    while steps.recv(1):
        c.s.sendall(put)
        assert c.take(16 * PAGES)[7::16] == bytes(PAGES), "refused"
        steps.send(b".")

clients = []
for k in range(CLIENTS):
    ours, theirs = socket.socketpair()
    if os.fork() == 0:
        ours.close()
        signal.alarm(100)
        client(k, theirs)
        os._exit(0)
    theirs.close()
    clients.append(ours)
c = Conn("a")
want = bytes(range(1, CLIENTS + 1)) + bytes(PAGE - CLIENTS)
for rounds in range(10):
    for s in clients:
        s.send(b"x")
    for s in clients:
        assert s.recv(1), "a client failed"
    used = int(Conn("a").about["used"])
    assert used == 64 * MIB, "round %d: %d of 16384 pages" % (rounds, used // PAGE)
    assert c.read(0, 32 * MIB) == want * (32 * MIB // len(want)), rounds
    for s in range(0, 64, 16):
        c.trim(s * MIB, 16 * MIB)
    assert Conn("a").about["used"] == "0"
PY
