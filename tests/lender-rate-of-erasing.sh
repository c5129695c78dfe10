#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A pool's limits hold for requests that say little and ask for much: zeros count as the bytes
# that they are, and long erasing as the requests in whose time it could be done. What
# costs nothing is not counted, and another pool feels nothing.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 200M --pool free=1M --pool bytes=32M,bandwidth=4M --pool requests=128M,iops=100
raw <<'PY'
def took(what):
    begin = time.monotonic()
    what()
    return time.monotonic() - begin
witness = Witness("free")
c = Conn("bytes?claim=me")
seconds = took(lambda: c.ask(ZERO, 0, 8 * MIB, NO_HOLE))
assert 1.5 <= seconds < 15, "8 MiB of zeros, 4 MiB a second, in %.2f s" % seconds
seconds = took(lambda: [c.ask(ZERO, n * MIB, MIB, NO_HOLE) for n in range(8)])
assert 1.5 <= seconds < 15, "8 times 1 MiB of zeros in %.2f s" % seconds
# It is paid for as it goes, so another connection of the pool has its share.
other = Conn(c.name)
c.send(ZERO, 0, 16 * MIB, NO_HOLE)
time.sleep(.5)
seconds = took(lambda: other.read(0, PAGE))
assert seconds < 2, "a page beside many zeros took %.2f s" % seconds
c.s.shutdown(socket.SHUT_RDWR)
# Holes cost no bandwidth.
seconds = took(lambda: [other.ask(*what) for what in [(ZERO, 16 * MIB, 16 * MIB), (TRIM, 0, 32 * MIB)]])
assert seconds < 5, "48 MiB of holes in %.2f s" % seconds

c = Conn("requests?claim=me")
def fill():
    for n in range(0, 128, 32):
        c.write(n * MIB, b"x" * 32 * MIB)
for command, flags in (TRIM, 0), (ZERO, 0):
    fill()
    seconds = took(lambda: c.ask(command, 0, 128 * MIB, flags))
    assert seconds >= .9, "128 MiB freed, 100 requests a second, in %.2f s" % seconds
    # Now there is nothing to free.
    seconds = took(lambda: [c.ask(command, 0, 128 * MIB, flags) for _ in range(20)])
    assert seconds < 2, "20 requests, 100 a second, in %.2f s" % seconds
seconds = took(lambda: c.ask(ZERO, 0, 128 * MIB, NO_HOLE))
assert seconds >= .9, "128 MiB of zeros, 100 requests a second, in %.2f s" % seconds
seconds = took(lambda: [c.ask(CACHE, 0, 128 * MIB) for _ in range(20)])
assert seconds < 2, "20 times CACHE in %.2f s" % seconds
witness.finish()
PY
