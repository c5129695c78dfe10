#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A lender that was started again lost its memory, and says so: another
# incarnation, zeros, higher epochs, and those of before are refused.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 2M --pool a=1M --pool b=1M
first_port=$port
: >"$tmp/seen"
for how in TERM KILL INT KILL TERM KILL; do
    raw "$tmp/seen" <<'PY'
with open(sys.argv[1]) as f:
    seen = [line.split() for line in f]
for name in "ab":
    plain = Conn(name)
    assert plain.about["used"] == "0" and plain.read(0, MIB) == bytes(MIB)
    plain.close()
    assert plain.about["incarnation"] not in [i for _, i, _ in seen], "an incarnation twice"
    before = [int(epoch) for pool, _, epoch in seen if pool == name]
    for claimed in False, True:
        for epoch in before:
            assert refused("%s@%d" % (name, epoch))[0] == POLICY, "an older epoch"
        if not claimed:
            c = Conn(name + "?claim=me")
    assert c.epoch > max(before, default=0), "epoch %d after %s" % (c.epoch, before)
    c.write(0, page(0))
    with open(sys.argv[1], "a") as f:
        print(name, c.about["incarnation"], c.epoch, file=f)
PY
    kill -$how "$lender_pid"
    wait "$lender_pid" || [ $how = KILL ] || fail "SIG$how: status $?"
    lender --listen "127.0.0.1:$first_port" --lend 2M --pool a=1M --pool b=1M
done
