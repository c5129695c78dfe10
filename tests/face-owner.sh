#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The NBD face gives its device to one host at a time, and keeps what a gateway promises, also while answers come late.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
for options in '-d 32' '-d 2 -l 3'; do
    for name in borrower-gateway-one-host borrower-gateway-claims; do
        FARPAGE_LIMITED='' FARPAGE_FACE=$options "$FARPAGE_SRCDIR/tests/$name.sh" >"$tmp/said" 2>&1 ||
            fail "$name, with $options: $(cat "$tmp/said")"
    done
done
