#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# 10,000 conversations gone bad with the NBD face, whose answers come late: it hangs up on each, and afterwards serves a
# good client, with all its room, and no descriptor more.
export FARPAGE_FACE='-d 8 -l 1'
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --pool bad=1M
descriptors() { find "/proc/$lender_pid/fd" -mindepth 1 | wc -l; }
no_more_descriptors() { [ "$(descriptors)" -le "$before" ]; }
before=$(descriptors) seed=${BAD_SEED-1}
badnbd "${BAD_INPUTS-10000}" "$seed" "$port" || fail "seed $seed"
wait_for 20 no_more_descriptors
raw <<'PY'
c = Conn("?claim=good&force")
c.write(0, page(1) * 256)
for n in range(20):
    c.s.sendall(b"".join(request(READ, n * PAGE, PAGE) for n in range(100)))
    for n in range(100):
        assert c.reply(PAGE) == page(1)
PY
counted
# One in eight is left for others.
case $counted in *'most_out=7') ;; *) fail "not all room is there: $counted" ;; esac
