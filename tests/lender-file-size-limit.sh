#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A limit on how large a file may be (ulimit -f) costs a pool that would grow beyond it its growth,
# and a log its lines, and not the lender its life with all pages.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires prlimit
common='lend = 64M
log-level = debug
listen = 127.0.0.1:0'
printf '%s\n' "$common" 'pool = a=2M' >"$tmp/lender.conf"
prlimit --fsize=$((4 << 20)):unlimited --pid $$
lender --config "$tmp/lender.conf"
raw <<'PY'
Conn("a").write(0, page(1))
PY
reload "$common" 'pool = a=32M' 'pool = b=32M'
prlimit --fsize=unlimited --pid $$
for want in 'pool a: no memory for 32 MiB: File too large; .*raise ulimit -f' 'pool b: no memory for 32 MiB'; do
    echo "$words" | grep -q "error: $want" || fail "\"$want\": $words"
done
raw <<'PY'
assert Conn("a").read(0, PAGE) == page(1)
PY
truncate -s 4096K "$tmp/lender.log"
raw <<'PY'
for _ in range(10):
    assert Conn("a").read(0, PAGE) == page(1)
PY
[ "$(stat -c %s "$tmp/lender.log")" = $((4096 << 10)) ] || fail 'there was no limit'
