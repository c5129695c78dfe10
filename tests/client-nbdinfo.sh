#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nbdinfo shows what a pool is, and all of them in their order.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdinfo
lender --lend 64M --pool first=48K --pool second=1M,thin --pool Third.3_x-=12M
uri=nbd://127.0.0.1:$port
nbdinfo "$uri/second" >"$tmp/second"
for line in 'newstyle-fixed without TLS' 'export="second"' 'export-size: 1048576 (1M)' \
    'is_rotational: false' 'is_read_only: false' 'can_cache: true' 'can_flush: true' \
    'can_fua: true' 'can_multi_conn: true' 'can_trim: true' 'can_zero: true' \
    'can_fast_zero: true' 'can_df: true' 'base:allocation' 'block_size_minimum: 1' \
    'block_size_preferred: 4096' 'block_size_maximum: 33554432'; do
    grep -qF "$line" "$tmp/second" || fail "no \"$line\" in: $(cat "$tmp/second")"
done
grep -qE 'description: incarnation=[0-9a-f]{32} epoch=[0-9]+ since=[0-9]+ used=0 size=1048576 lender=[0-9a-f]{32}$' \
    "$tmp/second" || fail "its description: $(grep description "$tmp/second")"
nbdinfo --list "$uri" | grep '^export=' >"$tmp/list"
printf 'export="%s":\n' first second Third.3_x- | cmp - "$tmp/list" || fail "$(cat "$tmp/list")"
[ "$(nbdinfo --size "$uri")" = 49152 ] || fail "the empty name is not the first pool"
[ "$(nbdinfo --size "$uri/Third.3_x-")" = 12582912 ] || fail "the third pool's size"
nbdinfo --size "$uri/none" && fail "there is no pool called none"
for can in write trim zero flush fua multi-conn cache; do
    nbdinfo --can $can "$uri/first" || fail "cannot $can"
done
