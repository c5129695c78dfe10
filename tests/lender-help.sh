#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# --help names each option that there is, --version says which it is, and both
# start nothing.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
farpaged --help >"$tmp/help" 2>"$tmp/err"
[ ! -s "$tmp/err" ] || fail "$(cat "$tmp/err")"
for option in config listen lend pool threads busy-poll pid-file log-level check-config help version; do
    grep -qE "^  --$option( [A-Z:=]+)? +[a-z\"-]" "$tmp/help" || fail "no --$option in $(cat "$tmp/help")"
done
[ "$(grep -c '^  --' "$tmp/help")" = 11 ] || fail "there are more than this test knows"
awk 'length > 100 { exit 1 }' "$tmp/help" || fail "lines too long to read"
farpaged --version | grep -qE '^farpaged [0-9]+\.[0-9]+\.[0-9]+$' || fail "$(farpaged --version)"
farpaged --help --colour >/dev/null || fail "--help does not come first"
