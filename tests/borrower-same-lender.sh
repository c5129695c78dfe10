#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Two pools of one farpaged are lost together: they have two copies of a page only where
# same-lender=yes says so. Both are named, at the start and later.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit
lead() {
    ln -sfn "$tmp/$1.sock" "$tmp/new"
    mv -T "$tmp/new" "$tmp/moves.sock"
}
opens() { # PARAMETER...
    "$FARPAGE_BUILDDIR/run" nbdkit -f -U - farpage "$@" swap=false --run true 2>"$tmp/words"
}
lender --listen "unix:$tmp/a.sock" --lend 64M --pool p=32M --pool q=32M
lender --listen "unix:$tmp/b.sock" --lend 64M --pool q=32M
second=$lender_pid
p="nbd+unix:///p?socket=$tmp/a.sock" q="nbd+unix:///q?socket=$tmp/a.sock"
other="nbd+unix:///q?socket=$tmp/b.sock" moves="nbd+unix:///q?socket=$tmp/moves.sock"

! opens "lender=$p" "lender=$q" || fail 'both copies are on one lender'
for words in "lender $q: " "of the same farpaged as lender $p" 'lost together' same-lender=yes copies=1; do
    grep -qF -- "$words" "$tmp/words" || fail "no \"$words\" in: $(cat "$tmp/words")"
done
! opens "lender=$p" "lender=$q" same-lender=no || fail 'both copies are on one lender: no'
opens "lender=$p" "lender=$q" same-lender=yes || fail "same-lender=yes: $(cat "$tmp/words")"
opens "lender=$p" "lender=$q" copies=1 || fail "copies=1: $(cat "$tmp/words")"
opens "lender=$p" "lender=$other" || fail "two lenders: $(cat "$tmp/words")"
! opens "lender=$p" "lender=nbd+unix:///p?socket=$tmp/./a.sock" same-lender=yes || fail 'one pool twice'
grep -q 'its pool is that of lender' "$tmp/words" || fail "$(cat "$tmp/words")"

# One that comes later, and one whose address moves.
list "$p"
lead b
borrower lenders="$tmp/lenders" size=16M copies=2
list "$p" "$q"
wait_for 20 warned "lender $q is not added yet: .* of the same farpaged as lender $p"
list "$p" "$moves"
wait_for 20 warned "lender $moves is added"
lead a
kill -KILL "$second"
wait_for 20 warned "lender $moves leads to the farpaged of lender $p"
lender --listen "unix:$tmp/c.sock" --lend 64M --pool q=32M
lead c
wait_for 20 warned "lender $moves \(is back\|lost the pages\)" # a borrower that is quick has not missed it
! warned "lender $q is added" || fail "$(cat "$tmp/borrower.log")"
