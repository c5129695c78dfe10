#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A plain writer that was fenced in the middle of erasing is not taken for one
# that wrote beside the owner: what the owner put since its claim stays its own.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 128M --pool a=128M --log-level debug
raw "$tmp/lender.log" <<'PY'
log = sys.argv[1]
cut_short = 0
for turn in range(5):
    plain, owner = Conn("a"), Conn()
    for offset in range(0, 128 * MIB, 32 * MIB):
        plain.write(offset, b"x" * (32 * MIB))
    plain.s.sendall(request(FLUSH) + request(TRIM, 0, 128 * MIB))
    plain.reply()               # and the erasing has begun
    owner.go("a?claim=me")
    plain.gone(log)
    cut_short += owner.read(128 * MIB - 1, 1) == b"x"
    again = Conn("a?claim=me")
    assert again.about["since"] == owner.about["since"], \
        "turn %d: since is %s after %s" % (turn, again.about["since"], owner.about["since"])
    again.close()
    again.gone(log)
assert cut_short, "no erasing was cut short"
PY
