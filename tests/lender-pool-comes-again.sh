#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A pool that was removed and added again lost its pages: another incarnation,
# a higher epoch, zeros; who held the one before is told to claim again.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
common='listen = 127.0.0.1:0
lend = 4M
log-level = debug
pool = other=1M'
printf '%s\n' "$common" 'pool = a=2M' >"$tmp/lender.conf"
lender --config "$tmp/lender.conf"
for round in 1 2 3 4 5; do
    raw "$tmp/lender.log" "$tmp/before" <<'PY' || fail "round $round"
if os.path.exists(sys.argv[2]):
    with open(sys.argv[2]) as f:
        incarnation, epoch = f.read().split()
    assert refused("a@" + epoch)[0] == POLICY, "an epoch of the removed pool"
c = Conn("a?claim=me")
assert c.read(0, 2 * MIB) == bytes(2 * MIB) and c.about["used"] == "0"
if os.path.exists(sys.argv[2]):
    assert c.about["incarnation"] != incarnation
    assert c.epoch > int(epoch), (c.epoch, epoch)
    assert refused("a@" + epoch)[0] == POLICY, "an epoch of the removed pool"
c.write(0, b"x" * (2 * MIB))
with open(sys.argv[2], "w") as f:
    print(c.about["incarnation"], c.epoch, file=f)
c.close()
c.gone(sys.argv[1])
PY
    reload "$common" 'drop-pool = a'
    [ "$(lender_kib)" -eq 0 ] || fail "the removed pool still costs $(lender_kib) KiB"
    reload "$common" 'pool = a=2M'
done
