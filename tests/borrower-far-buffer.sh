#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A caller's buffer may be far memory, on the store that is called: nothing is held while it is faulted in.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
"$FARPAGE_BUILDDIR/tests/farbuffer" 2>&1 || fail 'the store in this process'
lender --lend 16M
"$FARPAGE_BUILDDIR/tests/farbuffer" "127.0.0.1:$port" 2>&1 || fail 'a lender'
