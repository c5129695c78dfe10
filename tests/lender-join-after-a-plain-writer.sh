#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# An owner that lost its connections and joins again with NAME@EPOCH is not
# left beside a plain writer, nor with pages that such a one changed.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 1M --pool a=1M --log-level debug
raw "$tmp/lender.log" <<'PY'
owner = Conn("a?claim=me")
owner.write(0, page(0))
owner.close()
owner.gone(sys.argv[1])
plain = Conn("a")
assert plain.error(WRITE, 0, PAGE, 0, page(9)) == 0
refusal = refused(owner.name)
if refusal is None:             # it joined: then its page must be as it put it
    again = Conn(owner.name)
    assert again.read(0, PAGE) == page(0), "joined as if nobody else had written"
    assert plain.error(WRITE, 0, PAGE, 0, page(9)) == EPERM, "a plain writer beside an owner"
else:
    assert refusal[0] == POLICY and "claim" in refusal[1], refusal
PY
