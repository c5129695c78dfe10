#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# While one client erases a full pool, with one request or with many that it
# sends at once, another one on the same loop goes on.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 600M --pool a=512M --pool b=1M
raw <<'PY'
c = Conn("a")
data = b"".join(page(n) for n in range(8192))

def during(what, requests):
    for offset in range(0, 512 * MIB, len(data)):
        c.write(offset, data)
    witness = Witness("b")
    witness.progress()
    before, start = witness.ops, time.monotonic()
    c.s.sendall(b"".join(requests))
    for _ in requests:
        c.reply()
    took = time.monotonic() - start
    ops = witness.ops - before
    print("%s: %.0f ms, meanwhile %d operations" % (what, took * 1000, ops))
    witness.finish()
    # It waits twice an operation, for a slice of 8 MiB: 32 at best.
    assert ops >= 5, "%s: only %d operations in %.2f s" % (what, ops, took)

during("one TRIM", [request(TRIM, 0, 512 * MIB)])
during("one WRITE_ZEROES", [request(ZERO, 0, 512 * MIB)])
during("one WRITE_ZEROES, NO_HOLE", [request(ZERO, 0, 512 * MIB, NO_HOLE)])
# What blkdiscard, or the kernel for clusters of swap, sends.
pieces = range(0, 512 * MIB, MIB)
during("many TRIM", [request(TRIM, at, MIB) for at in pieces])
during("many WRITE_ZEROES, NO_HOLE", [request(ZERO, at, MIB, NO_HOLE) for at in pieces])
PY
