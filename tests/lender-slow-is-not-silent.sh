#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# An owner that takes no replies for a while, as one that is stopped, is not silent as long as its
# kernel answers: its pool is nobody else's. TCP asks such a one ever more rarely, after 25 s for the first
# time not within 15 s.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 16M --pool a=16M
raw "$tmp/lender.log" <<'PY'
owner = Conn("a?claim=me")
owner.write(0, page(0))
for _ in range(64): # more than sockets hold
    owner.send(READ, 0, MIB)
end = time.monotonic() + 52
while time.monotonic() < end:
    assert refused("a?claim=other"), "it is had by whoever asks"
    time.sleep(.5)
for _ in range(64):
    assert owner.reply(MIB)[:PAGE] == page(0)
assert "silent" not in open(sys.argv[1]).read()
PY
