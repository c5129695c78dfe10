#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Nothing that is said to the lender can end it by way of an assert(): it has none.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nm
for lib in server/.libs/liblender.a client/.libs/libborrower.a; do
    nm -u "$FARPAGE_BUILDDIR/$lib" >"$tmp/${lib##*/}" || fail "cannot look into $lib"
done
# As a witness: the borrower has some.
grep -q __assert_fail "$tmp/libborrower.a" || fail 'an assert() would not be seen'
! grep __assert_fail "$tmp/liblender.a" || fail 'the lender has an assert()'
