#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nbdfault announces what it was told instead of the truth, and cuts handshakes short.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 2M --pool a=1M
faults
raw <<'PY'
c = Conn("a?claim=me")
truth = dict(c.about)
assert c.size == MIB
fault("announce size=12345")
fault("announce flags=0x3")
fault("announce incarnation=00000000deadbeef")
c = Conn("a?claim=me")
assert (c.size, c.flags, c.about["incarnation"]) == (12345, 3, "00000000deadbeef"), c.about
assert set(c.about) == set(truth)
fault("calm")
fault("announce nothing")
c = Conn()
c.s.sendall(go_bytes("a?claim=me"))
told = c.option_replies(GO)
assert (INFO_REPLY, struct.pack(">H", 2)) in told, told
fault("calm")
assert Conn("a?claim=me").about["incarnation"] == truth["incarnation"]
for way in "request", "reply":
    fault("cut option %s 2 at 7" % way)
    try:
        Conn("a?claim=me")
        assert False, way
    except (EOFError, ConnectionError):
        pass
    fault("wait")
# Structured replies it does not take apart, and therefore refuses.
try:
    Conn().option(8)
    assert False
except Refused as e:
    assert e.code == UNSUP
assert Conn("a?claim=me").about["incarnation"] == truth["incarnation"]
PY
# What it does not know is refused in words.
for line in 'explode' 'cut reply at' 'freeze soon' 'stuck write reply' 'late' 'random 1 2 3 explode'; do
    ! nbdfault --tell "$FAULT_CONTROL" "$line" >"$tmp/said" || fail "taken: $line"
    grep -q '^error: ' "$tmp/said" || fail "$line: $(cat "$tmp/said")"
done
fault status
nbdfault --help | grep -q 'stuck' || fail 'no help'
