#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nbdload --verify passes when the server keeps its bytes, and says so when not.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 32M --pool bench=16M

for block in 512 4096 300008; do
    nbdload --export bench --fill --verify --mode mixed --block $block --depth 9 --connections 3 \
        --seconds 0.3 127.0.0.1:"$port" || fail "blocks of $block"
done

# Another writer makes every server forget.
nbdload --export bench --mode write --seconds 60 127.0.0.1:"$port" &
writer=$!
cleanup "kill $writer"
if nbdload --export bench --fill --verify --seconds 10 127.0.0.1:"$port" 2>"$tmp/said"; then
    fail "wrong data went unseen"
fi
grep -q 'wrong data' "$tmp/said" || fail "$(cat "$tmp/said")"
