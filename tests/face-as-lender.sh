#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What the lender's clients and its hostile ones find there, they find at the NBD face, which answers later and, but
# for the tests that want them in order, in no order.
time_limit=400
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
as_lender() { # OPTIONS TEST...
    options=$1
    shift
    for name; do
        FARPAGE_LIMITED='' FARPAGE_FACE=$options "$FARPAGE_SRCDIR/tests/$name.sh" >"$tmp/said" 2>&1 || case $? in
        77) echo "skipped: $name" ;;
        *) fail "$name, with $options: $(cat "$tmp/said")" ;;
        esac
    done
}
as_lender '-d 32' lender-32-mib-requests client-fio client-qemu-io lender-multi-conn
as_lender '-d 32 -l 2' bad-requests bad-handshakes lender-cut-in-mid-payload lender-half-closed client-qemu-io \
    lender-small-pages lender-asked-too-early
as_lender '-d 2 -l 1' bad-requests lender-cut-in-mid-payload client-fio lender-multi-conn
as_lender '-d 1' client-qemu-io lender-half-closed
