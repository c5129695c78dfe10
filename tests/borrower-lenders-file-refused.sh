#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A file of lenders that is wrong: at the start it is refused, later it changes nothing, which
# is told once.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit nbdinfo
lenders 2 --lend 64M --pool a=64M
a=127.0.0.1:$port1 b=127.0.0.1:$port2
refused() { # WORDS LINE...
    words=$1
    shift
    list "$@"
    if "$FARPAGE_BUILDDIR/run" nbdkit -f -U "$tmp/none" farpage lenders="$tmp/lenders" size=1M \
        --run true 2>"$tmp/err"; then
        fail "accepted: $*"
    fi
    grep -q -- "lenders=$tmp/lenders: .*$words" "$tmp/err" || fail "$*: $(cat "$tmp/err")"
}
refused 'it has no lender' '# none'
refused 'line 1, a b: only the word' 'a b'
refused 'it is listed twice' "$a" "$a"
refused 'write HOST' "$a" a:b:c
refused 'write the full path' "$a" unix:relative
list "$a"
if "$FARPAGE_BUILDDIR/run" nbdkit -f -U "$tmp/none" farpage lenders="$tmp/nothing" --run true 2>"$tmp/err"; then
    fail 'accepted: no file'
fi
grep -q 'No such file' "$tmp/err" || fail "$(cat "$tmp/err")"
list "$a" "localhost:$port1"
if "$FARPAGE_BUILDDIR/run" nbdkit -f -U "$tmp/none" farpage lenders="$tmp/lenders" --run true 2>"$tmp/err"; then
    fail 'accepted: one pool twice'
fi
grep -q 'its pool is that of lender' "$tmp/err" || fail "$(cat "$tmp/err")"

list "$a"
borrower lenders="$tmp/lenders" lender="$b" size=1M
changes_nothing() { # WORDS LINE
    list "$2"
    wait_for 20 warned "lenders=$tmp/lenders: .*$1.*; nothing is changed"
}
changes_nothing 'line 1, .*: only the word' "$b maybe"
changes_nothing 'it has no lender' '# none'
changes_nothing 'write the full path' unix:relative
rm "$tmp/lenders"
wait_for 20 warned "lenders=$tmp/lenders: No such file or directory; nothing is changed"
list "$a" "$b drain"
wait_for 20 warned "lender $b is being drained"
[ "$(grep -c 'nothing is changed' "$tmp/borrower.log")" = 4 ] || fail "$(cat "$tmp/borrower.log")"
! warned "lender $a" || fail "$(cat "$tmp/borrower.log")"
