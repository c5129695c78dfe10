#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# However late messages come, a get returns the last acknowledged put (tests/model/claim.pml); and
# whoever writes beside an owner, it learns of that (tests/model/owner.pml): in every run of
# these models. And the search sees each mistake that they can plant.
time_limit=400
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires spin cc prlimit

# search MODEL [MISTAKE]: its report is in $tmp/report.
search() {
    spin ${2:+-D"$2"} -a "$FARPAGE_SRCDIR/tests/model/$1.pml" >"$tmp/spin.log" || fail "$(cat "$tmp/spin.log")"
    cc -O1 -w -DSAFETY -DMEMLIM=2000 -o pan pan.c
    prlimit --cpu=60 ./pan -m100000 >"$tmp/report" 2>&1 || fail "no end in 60 s of CPU time: $(cat "$tmp/report")"
    ! grep -e 'max search depth too small' -e 'out of memory' -e 'interrupted' -e 'reached -DMEMLIM' "$tmp/report" ||
        fail "the search was cut short"
}
cd "$tmp"
for model in claim owner; do
    search $model
    grep -q 'errors: 0$' report || fail "$model: $(cat report)"
    grep -e 'states, stored' -e 'total actual memory' report
    mistakes=$(sed -n 's/^#if[n]*def //p' "$FARPAGE_SRCDIR/tests/model/$model.pml" | sort -u)
    [ "$(echo "$mistakes" | wc -l)" -ge 4 ] || fail "$model: only these mistakes: $mistakes"
    for mistake in $mistakes; do
        search $model "$mistake"
        grep -q 'errors: 1$' report || fail "$model: unseen: $mistake"
        grep -q 'assertion violated' report || fail "$model: $mistake: $(cat report)"
    done
done
