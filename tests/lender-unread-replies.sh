#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Two hundred clients, or connections of one owner, that ask on and read no reply, each in its own way, or send half of
# a request, cost the lender no more together than a few would: 16 MiB of its own memory,
# and no more of the kernel's. Another client goes on as before.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires ss
# What ASan keeps of freed blocks is not the lender's.
export ASAN_OPTIONS="quarantine_size_mb=8${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
lender --lend 16M --pool a=8M --pool b=1M --pool c=4M
own=16 kernel=24
! sanitized || own=96
raw "$lender_pid" $own $kernel "$port" <<'PY'
pid, own, kernel, port = sys.argv[1:]
STRUCTURED, SET_META, STATUS = 8, 10, 7

def own_kib():
    with open("/proc/%s/status" % pid) as f:
        return next(int(x.split()[1]) for x in f if x.startswith("RssAnon"))

def unsent_kib():
    "What waits in the lender's sockets for clients to take it."
    out = os.popen("ss -tmnH sport = :" + port).read()
    return sum(int(part.split(",")[0]) for part in out.split(",w")[1:]) >> 10

def client(i, name, structured=False):
    c = Conn.__new__(Conn)
    c.s, c.cookie = socket.socket(), 0
    c.s.settimeout(PATIENCE)
    c.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    c.s.bind(("127.0.0.%d" % (2 + i % 16), 0))
    c.s.connect(("127.0.0.1", int(port)))
    c.greet()
    if structured:
        c.option(STRUCTURED)
        c.option(SET_META, struct.pack(">I1sII", 1, b"a", 1, 15) + b"base:allocation")
    return c.go(name)

for c in Conn("a"), Conn("c"):
    for n in range(0, 1024, 2):
        c.write(n * PAGE, page(n))
witness = Witness("b")
before = own_kib()
asks = {
    "status and reads": request(STATUS, 0, 2 * MIB) + request(READ, 0, 2 * MIB),
    "status": request(STATUS, 0, 4 * MIB),
    "reads of a page": request(READ, 0, PAGE),
    "reads of much": request(READ, 0, 8 * MIB),
    "flushes": request(FLUSH),
    "half a page": request(WRITE, 0, PAGE) + bytes(4000),
    "an owner's reads": request(READ, 0, 4 * MIB),
}
for what, ask in asks.items():
    name, clients = "c?claim=me" if "owner" in what else "a", []
    for i in range(200):
        clients.append(client(i, name, "status" in what))
        name = clients[-1].name
    for c in clients:
        c.s.settimeout(.05)
        try:
            c.s.sendall(ask * (1 if what.startswith("half") else 8000))
        except (TimeoutError, ConnectionResetError, BrokenPipeError):
            pass
        witness.progress()
    print("%s: %d KiB, and %d KiB of the kernel's" % (what, own_kib() - before, unsent_kib()))
    assert own_kib() - before < int(own) << 10
    # Of owners nobody is hung up on: those that came first have the most.
    assert unsent_kib() < int(kernel) + 8 * ("owner" in what) << 10
    for c in clients:
        c.close()
witness.finish()
PY
