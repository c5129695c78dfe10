#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nbdload --verify --tolerate-eio goes on at EIO and at wrong pages, and counts them; what
# a failed write leaves is nobody's business, until the next one.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires jq
lender --lend 2M --pool a=1M
faults

# load STATUS [OPTION...]: under the faults that were said; its report in $tmp/report.
load() {
    want=$1 got=0
    shift
    nbdload --export 'a?claim=me' --verify --fill --mode mixed --read-percent 60 --depth 16 --ops 20000 --json \
        "$@" 127.0.0.1:"$port" >"$tmp/report" 2>"$tmp/said" || got=$?
    [ $got = "$want" ] || fail "status $got, not $want: $(cat "$tmp/said")"
}

# reports FIELD VALUE
reports() {
    jq -e ".$1 == $2" "$tmp/report" >/dev/null || fail "$1 is not $2: $(cat "$tmp/report")"
}

# Errors that the lender did not hear of (the old page stays), and errors that it did.
fault 'error EIO write 300 times 20'
fault 'deny EIO write 1000 times 30'
fault 'deny EIO read 500 times 40'
load 0 --tolerate-eio
fault wait
reports write_errors 50
reports read_errors 40
reports wrong 0

fault 'zero 200 times 3'
fault 'replay 900 times 4'
fault 'swap 1500 times 5'
load 1 --tolerate-eio
fault wait
reports wrong 12
grep -q '^nbdload: wrong data: 12 reads, of block [0-9]' "$tmp/said" || fail "$(cat "$tmp/said")"

fault 'late 400 read 5000'
load 0 --tolerate-eio
jq -e '.longest_ms >= 400 and .longest_ms < 15000' "$tmp/report" >"$tmp/said" || fail "$(cat "$tmp/report")"

# Other errors end it, as EIO does where it is not expected.
fault 'error ENOSPC write 300'
load 1 --tolerate-eio
grep -q 'failed: NBD error 28' "$tmp/said" || fail "$(cat "$tmp/said")"
fault 'error EIO write 300'
load 1
grep -q 'failed: NBD error 5' "$tmp/said" || fail "$(cat "$tmp/said")"
