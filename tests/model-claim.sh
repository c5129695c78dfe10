#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# However late messages come, a get returns the last acknowledged put: every run of the
# model tests/model/claim.pml. And the search sees each mistake that the model can plant.
time_limit=400
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires spin cc prlimit

# search [MISTAKE]: its report is in $tmp/report.
search() {
    spin ${1:+-D"$1"} -a "$FARPAGE_SRCDIR/tests/model/claim.pml" >"$tmp/spin.log" || fail "$(cat "$tmp/spin.log")"
    cc -O1 -w -DSAFETY -DMEMLIM=2000 -o pan pan.c
    prlimit --cpu=60 ./pan -m100000 >"$tmp/report" 2>&1 || fail "no end in 60 s of CPU time: $(cat "$tmp/report")"
    ! grep -e 'max search depth too small' -e 'out of memory' -e 'interrupted' -e 'reached -DMEMLIM' "$tmp/report" ||
        fail "the search was cut short"
}
cd "$tmp"
search
grep -q 'errors: 0$' report || fail "$(cat report)"
grep -e 'states, stored' -e 'total actual memory' report
mistakes=$(sed -n 's/^#if[n]*def //p' "$FARPAGE_SRCDIR/tests/model/claim.pml" | sort -u)
[ "$(echo "$mistakes" | wc -l)" -ge 4 ] || fail "only these mistakes: $mistakes"
for mistake in $mistakes; do
    search "$mistake"
    grep -q 'errors: 1$' report || fail "unseen: $mistake"
    grep -q 'assertion violated' report || fail "$mistake: $(cat report)"
done
