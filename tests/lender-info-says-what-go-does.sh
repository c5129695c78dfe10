#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# INFO tells what GO would: whoever asks beside a living owner learns that it
# could not write.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 1M --pool a=1M
raw <<'PY'
for name in "a", "a?claim=me":
    assert Conn().go(name, INFO).flags == Conn(name).flags, name
owner = Conn("a?claim=me")
for name in "a", owner.name, "a?claim=me&force":
    asked, went = Conn().go(name, INFO), Conn(name)
    assert asked.flags == went.flags, "%s: INFO says %#x, GO says %#x" % (name, asked.flags, went.flags)
    assert asked.size == went.size and asked.about["incarnation"] == went.about["incarnation"]
PY
