#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# With --user what is kept is the user's: it can still be changed when root is left
# behind, and the next farpaged takes it, whoever starts it.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
[ "$(id -u)" = 0 ] || { echo 'SKIPPED: not root' >&2; exit 77; }
on_tmpfs
chmod 755 "$state" "$tmp"
common="listen = 127.0.0.1:0
lend = 16M
user = nobody
state-dir = $state/kept
pool = a=4M"
printf '%s\n' "$common" >"$tmp/lender.conf"
lender --config "$tmp/lender.conf"
reload "$common" 'pool = b=4M'
raw <<'PY'
for x in "ab":
    Conn(x).write(0, page(1))
PY
end_lender "$lender_pid"
[ "$(stat -c %U:%a "$state/kept" "$state/kept/a.pool" "$state/kept/b.pool" | tr '\n' ' ')" = \
    'nobody:700 nobody:600 nobody:600 ' ] || fail "$(ls -la "$state/kept")"
lender --config "$tmp/lender.conf"
raw <<'PY'
for x in "ab":
    assert Conn(x).read(0, 2 * PAGE) == page(1) + bytes(PAGE), x
PY
reload "$common" 'drop-pool = b'
[ ! -e "$state/kept/b.pool" ] || fail 'a removed pool stays'
end_lender "$lender_pid"
timeout 20 farpaged --listen 127.0.0.1:0 --lend 16M --pool a=4M --state-dir "$state/kept" \
    2>"$tmp/said" && fail 'root took what is a user'"'"'s'
grep -q 'belongs to another user' "$tmp/said" || fail "$(cat "$tmp/said")"
