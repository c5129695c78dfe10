#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The borrower's core in WORLDS worlds of dice in which all goes wrong, and as many in which no
# more does than can be borne: never a wrong byte, no error that need not be, nobody waits for ever.
time_limit=$((120 + ${WORLDS:-1000}))
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
# Sanitizers see more and are slower.
grep -q 'define FARPAGE_SANITIZED' "$FARPAGE_BUILDDIR/config.h" && worlds=200 || worlds=1000
"$FARPAGE_BUILDDIR/tests/sim/farsim" --seeds "1..${WORLDS:-$worlds}" -j "$(nproc)"
