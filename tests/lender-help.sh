#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# --help says what each option is for, in lines that fit, --version says which it is,
# and both start nothing.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
farpaged --help >"$tmp/help" 2>"$tmp/err"
[ ! -s "$tmp/err" ] || fail "$(cat "$tmp/err")"
grep '^  --' "$tmp/help" | grep -vE '^  --[a-z-]+( [A-Z:=|]+)? +[a-z"].{3}' >"$tmp/bare" &&
    fail "no help: $(cat "$tmp/bare")"
for option in config listen pool help version; do
    grep -qE "^  --$option " "$tmp/help" || fail "no --$option in $(cat "$tmp/help")"
done
awk 'length > 100 { exit 1 }' "$tmp/help" || fail "lines too long to read"
farpaged --version | grep -qE '^farpaged [0-9]+\.[0-9]+\.[0-9]+(-[0-9a-z-]+)?$' || fail "$(farpaged --version)"
[ "$(farpaged -h)" = "$(farpaged --help)" ] || fail '-h is another help'
[ "$(farpaged -V)" = "$(farpaged --version)" ] || fail '-V is another version'
farpaged --help --colour >/dev/null || fail "--help does not come first"
