#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Requests that are malformed or oversized: an error or a hang-up, as NBD says;
# nothing else is read or changed, and a good client works all the while.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --threads 2 --lend 1M --pool a=1M
raw <<'PY'
witness = Witness("a", 64, 64)
looker = Conn("a")
before, zeros = b"".join(page(n) for n in range(64)), bytes(MIB - 128 * PAGE)
looker.write(0, before)
TOP, U32 = 1 << 63, (1 << 32) - 1

# Beyond the end, also where offset + length wraps around: an error, and on.
c = Conn("a")
for offset in (MIB, MIB + 1, MIB - 1, TOP - 1, TOP, TOP + 1, (1 << 64) - PAGE, (1 << 64) - 1,
               1 << 32, (1 << 32) - 1):
    for length in 2, PAGE, 32 * MIB:
        assert c.error(READ, offset, length) == EINVAL, (offset, length)
        assert c.error(CACHE, offset, length) == EINVAL, (offset, length)
        assert c.error(TRIM, offset, length) == EINVAL, (offset, length)
        assert c.error(ZERO, offset, length) == ENOSPC, (offset, length)
        assert c.error(ZERO, offset, length, NO_HOLE) == ENOSPC, (offset, length)
    assert c.error(WRITE, offset, PAGE, 0, page(66)) == ENOSPC, offset
    assert (c.error(TRIM, offset, U32), c.error(ZERO, offset, U32)) == (EINVAL, ENOSPC), offset
assert (c.error(TRIM, 1, U32), c.error(ZERO, 0, MIB + 1)) == (EINVAL, ENOSPC)
assert c.error(READ, 1, U32) == EINVAL
# Refused writes: their payload is not taken for requests.
forged = request(WRITE, 0, PAGE, 0, 666, page(66)) * 7
for offset, flags, error in (MIB, 0, ENOSPC), (0, 1 << 15, EINVAL), (TOP, 0, ENOSPC):
    assert c.error(WRITE, offset, len(forged), flags, forged) == error
# All odd types and flags, without payload.
for command in list(range(7, 40)) + [255, 256, 0x7FFF, 0x8000, 0xFFFF]:
    assert c.error(command, 0, PAGE) == EINVAL, command
for bit in range(16):
    for command in READ, TRIM, ZERO, CACHE:
        flags = 1 << bit
        if flags != FUA and not (command == ZERO and flags in (NO_HOLE, FAST_ZERO)):
            assert c.error(command, 0, PAGE, flags) == EINVAL, (command, flags)
assert c.read(0, 64 * PAGE) == before
witness.progress()

# What cannot be gone on with is hung up on, and what is behind it not done.
behind = request(WRITE, 0, PAGE, 0, 0, page(66)) * 4
for evil in (b"\0" * 28, b"x" * 28, request(READ, 0, PAGE)[1:] + b"\0",
             struct.pack(">I", 0x67446698) + bytes(24), go_bytes("a?claim=evil&force"),
             request(WRITE, 0, 32 * MIB + 1), request(WRITE, 0, U32), request(WRITE, TOP, 1 << 31)):
    for ahead in b"", request(FLUSH, cookie=7), request(READ, 0, 100) * 100:
        c = Conn("a")
        try:
            c.s.sendall(ahead + evil + behind)
            while c.s.recv(MIB):
                pass
        except ConnectionError:
            pass
    witness.progress()
witness.finish()
assert looker.read(0, 64 * PAGE) == before and looker.read(128 * PAGE, len(zeros)) == zeros
assert Conn("a").epoch == looker.epoch
PY
