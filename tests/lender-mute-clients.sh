#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Clients that ask and ask and do not take their answers: they cost no memory
# to speak of, and another client on the same loop does not feel it.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 64M --pool a=64M --listen 127.0.0.1:0 --listen "unix:$tmp/sock"
mib=16
! sanitized || mib=128 # ASan keeps what was freed for a while
raw "$lender_pid" "$tmp/sock" $mib <<'PY'
def own_memory():
    with open("/proc/%s/status" % sys.argv[1]) as f:
        return next(int(x.split()[1]) for x in f if x.startswith("RssAnon"))

def stuff(c, data):
    """Send DATA again and again until no more is taken; how often it was."""
    c.s.settimeout(.2)
    sent = 0
    try:
        while sent < 50 * MIB:
            sent += c.s.send(data)
    except TimeoutError:
        pass
    return sent

witness = Witness("a", first=8192)
filler = Conn("a")
filler.write(0, random.randbytes(32 * MIB))
before = own_memory()
for what, bytes_ in {
        "READ of 32 MiB": request(READ, 0, 32 * MIB) * 4096,
        "READ of a page": request(READ, 0, PAGE) * 4096,
        "FLUSH": request(FLUSH) * 4096,
        "WRITE of a byte": request(WRITE, 5, 1, 0, 0, b"x") * 4096,
        "refused": request(READ, 1 << 62, 1) * 4096}.items():
    mute = [Conn("a", to=sys.argv[2]) for _ in range(4)] + [Conn("a")]
    for c in mute:
        sent = stuff(c, bytes_)
        assert sent < 50 * MIB, what + ": the lender reads on for ever"
        witness.progress(20)
    grown = own_memory() - before
    assert grown < int(sys.argv[3]) * 1024, "%s: %d KiB more" % (what, grown)
    # It can still take them all, in order.
    c = mute[0]
    c.s.settimeout(PATIENCE)
    if what == "READ of a page":
        want = filler.read(0, PAGE)
        for _ in range(10000):
            assert c.reply(PAGE) == want
    for c in mute:
        c.close()
witness.finish()
wait_for(lambda: Conn("a").read(0, 1))
PY
