#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Clients that ask on and on and take no reply cost the lender little memory and no
# neighbour any time; and if they take them after all, none is missing.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 96M --pool a=64M --pool b=1M
mib=16
! sanitized || mib=128 # ASan keeps what was freed for a while
raw "$lender_pid" $mib <<'PY'
STRUCTURED, SET_META, STATUS = 8, 10, 7

def own_memory():
    with open("/proc/%s/status" % sys.argv[1]) as f:
        return next(int(x.split()[1]) for x in f if x.startswith("RssAnon"))

def chunky():
    c = Conn()
    c.option(STRUCTURED)
    c.option(SET_META, struct.pack(">I1sII", 1, b"a", 1, 15) + b"base:allocation")
    return c.go("a")

def take_chunks(c):
    "One reply: bytes of payload."
    payload = 0
    while True:
        magic, flags, kind, cookie, n = struct.unpack(">IHHQI", c.take(20))
        assert magic == 0x668E33EF and not kind & 0x8000, (hex(magic), kind)
        c.take(n)
        payload += n
        if flags & 1:
            return payload

# Every 32nd page: a READ of 1 MiB is 8 chunks of data and 8 holes.
c = Conn("a")
for n in range(0, 8192, 32):
    c.write(n * PAGE, page(n))

witness = Witness("b")
before = own_memory()
asks = 20000
kinds = {"reads of holes": (READ, MIB), "status": (STATUS, 32 * MIB)}
for what, (command, length) in kinds.items():
    burst = b"".join(request(command, 0, length, 0, i) for i in range(asks))
    clients = [chunky() for _ in range(8)]
    for c in clients:
        c.s.settimeout(0.5)
        try:
            c.s.sendall(burst)
        except TimeoutError:
            pass
        witness.progress()
    grown = own_memory() - before
    print("%s: %d KiB for %d clients" % (what, grown, len(clients)))
    assert grown < int(sys.argv[2]) * 1024, "%s: %d MiB" % (what, grown // 1024)
    for c in clients[1:]:
        c.close()
    # One of them reads what it has coming, and is served on.
    c = clients[0]
    c.s.settimeout(PATIENCE)
    for _ in range(500):
        take_chunks(c)
    c.close()

# All of what was asked is answered.
c = chunky()
c.s.settimeout(PATIENCE)
burst = b"".join(request(STATUS, 0, PAGE, 0, i) for i in range(asks))
sender = threading.Thread(target=c.s.sendall, args=(burst,))
sender.start()
for _ in range(asks):
    assert take_chunks(c) == 12
sender.join()
witness.finish()
PY
