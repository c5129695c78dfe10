#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Both comparisons run, and give a table and JSON with every point.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires python3 taskset nbdkit

for name in servers borrowers; do
    "$FARPAGE_SRCDIR/tests/bench/$name" --depths 1,8 --modes read,mixed --repeat 1 --seconds 0.02 \
        --size-mib 64 --no-syscalls --json "$tmp/json" >"$tmp/table" || fail "$name: status $?"
    python3 -c 'import json, sys; r = json.load(open(sys.argv[1])); p = r["points"]
servers = {x["server"] for x in p}
assert len(servers) >= 2 and r["reference"] in servers, servers
assert len(p) == len(servers) * 8, len(p)
assert all(x["iops"] > 0 and x["cpu_us"] > 0 and x["iops_ratio"] for x in p)' "$tmp/json"
    [ "$(grep -c '^| pinned' "$tmp/table")" -ge 8 ] || fail "$(cat "$tmp/table")"
done
"$FARPAGE_SRCDIR/tests/bench/lender" --only memory,idle,trim,loops --repeat 1 --seconds 0.05 --many 50 --mib 16 --gib 1 \
    >"$tmp/table" || fail "lender: status $?"
[ "$(grep -c '^| [a-z0-9]' "$tmp/table")" -ge 6 ] || fail "$(cat "$tmp/table")"
