#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A write, or a TRIM, is stuck on its way, its connection is given up, and others are put in its place.
# When it comes at last it is too late: a new claim has fenced it.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/faults.sh"
farm
uri="nbd+unix:///?socket=$sock"
# Extents that are never empty stay where they are: each lender has some of them.
nbdsh_at "$uri" <<PY
for at in range(4): h.pwrite(page(b"k"), ($span + at << 20) + 4096)
PY
for round in $(seq "$repeat"); do
    victim=$(holder "$round")
    for what in write trim; do
        nbdsh_at "$uri" <<PY
for at in range(4): h.pwrite(page(b"a"), $span + at << 20)
PY
        fault_at "$victim" stuck $what
        nbdsh_at "$uri" <<PY
for at in range(4): h.trim(4096, $span + at << 20)
for at in range(4): h.pwrite(page(b"b"), $span + at << 20)
PY
        fault_at "$victim" wait
        within 10 "a $what to lender $victim is stuck: it is connected anew" connects_again "$victim"
        nbdsh_at "$uri" <<PY
for at in range(4): h.pwrite(page(b"c"), $span + at << 20)
PY
        fault_at "$victim" release
        case $answer in *' landed=0 '*) ;; *) fail "it came through: $answer" ;; esac
        nbdsh_at "$uri" <<PY
for at in range(4): assert h.pread(4096, $span + at << 20) == page(b"c")
PY
        within 20 'two copies again' whole
    done
done
verdict $dead
redundant
