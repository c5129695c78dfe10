#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A config that cannot be read is not taken for an empty one.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
unreadable() { # WORDS FILE
    for check in --check-config ''; do
        status=0
        timeout 10 farpaged --listen "unix:$tmp/sock" --config "$2" $check 2>"$tmp/err" || status=$?
        [ $status = 1 ] || fail "$2: status $status: $(cat "$tmp/err")"
        grep -q "cannot read $2: $1" "$tmp/err" || fail "$2: $(cat "$tmp/err")"
        [ ! -e "$tmp/sock" ] || fail "$2: it listened"
    done
}
unreadable "No such file or directory" "$tmp/none"
unreadable "Is a directory" "$tmp"
unreadable "Not a directory" /dev/null/lender.conf
unreadable "Input/output error" /proc/self/mem
