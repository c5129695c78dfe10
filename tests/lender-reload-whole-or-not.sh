#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# SIGHUP with two pools of which one does not fit, because thin pools took what
# is lent: refused as a whole. Later, when there is room, both come.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
common='listen = 127.0.0.1:0
lend = 16M
pool = t=16M,thin'
printf '%s\n' "$common" >"$tmp/lender.conf"
lender --config "$tmp/lender.conf"
raw <<'PY'
Conn("t").write(0, b"x" * (12 * MIB))
PY
reload "$common" 'pool = small=1M' 'pool = large=8M'
case $words in
*"nothing changed"*large*) ;;
*) fail "it says: $words" ;;
esac
raw <<'PY'
assert refused("large")[0] == UNKNOWN
assert refused("small") and refused("small")[0] == UNKNOWN, "half of it was done"
Conn("t").trim(0, 8 * MIB)
PY
reload "$common" 'pool = small=1M' 'pool = large=8M'
raw <<'PY'
assert Conn("large").size == 8 * MIB and Conn("small").size == MIB
PY
