#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A client that keeps the lender busy with the largest requests, or with very
# many, does not keep another one on the same loop waiting.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 64M --pool a=64M
raw <<'PY'
big = 32 * MIB
filler = Conn("a")
filler.write(0, b"x" * big)

def busy(out, answer):
    """A process that asks OUT again and again and takes the ANSWER's bytes."""
    c = Conn("a")
    pid = os.fork()
    if pid == 0:
        signal.alarm(60)
        while True:
            c.s.sendall(out)
            c.take(answer)
    c.close()
    return pid

for what, out, answer in (
        ("READ of 32 MiB", request(READ, 0, big) * 4, 4 * (16 + big)),
        ("WRITE of 32 MiB", request(WRITE, 0, big, 0, 0, b"y" * big), 16),
        ("READ of 256 KiB", request(READ, 0, 256 * KIB) * 64, 64 * (16 + 256 * KIB)),
        ("FLUSH", request(FLUSH) * 4000, 4000 * 16),
        ("WRITE of a byte", request(WRITE, 0, 1, 0, 0, b"z") * 2000, 2000 * 16)):
    pids = [busy(out, answer) for _ in range(2)]
    witness = Witness("a", 8192)
    witness.progress(10)
    start, ops, longest = time.monotonic(), witness.ops, 0.
    while time.monotonic() < start + 1:
        at = time.monotonic()
        witness.progress()
        longest = max(longest, time.monotonic() - at)
    print("%s: %d operations in 1 s, the longest %.0f ms" % (what, witness.ops - ops, longest * 1000))
    assert witness.ops - ops >= 20 and longest < 2, what
    for pid in pids:
        assert os.waitpid(pid, os.WNOHANG) == (0, 0), "the busy one failed"
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    witness.finish()
PY
