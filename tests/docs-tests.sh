#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Every test that a document names is there and is run: scripts and unit tests by their
# files, and in hostile.md the tests within a file.
# shellcheck disable=SC2016
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
cd "$FARPAGE_SRCDIR"

grep -oh '`tests/[^`]*`' README.md docs/*.md | tr -d '`' | sort -u >"$tmp/named"
[ "$(wc -l <"$tmp/named")" -ge 30 ] || fail 'hardly any test is named'
while read -r pattern; do
    # shellcheck disable=SC2086
    set -- $pattern
    for file; do
        [ -e "$file" ] || fail "$file is named, and is not there"
        case $file in
        tests/*.sh | tests/unit/test-*.c)
            grep -qE "(^|[[:space:]=])${file%.c}( |$)" tests/*.mk ./*/local.mk tests/*/local.mk ||
                fail "$file is named, and is not run"
            ;;
        esac
    done
done <"$tmp/named"

# Of each file its tests: `tests/unit/test-x.c`: `one`, `another`; `tests/...`
grep -oE '`tests/unit/[^`]*`: (`[a-z0-9_]+`(, )?)+' docs/hostile.md | tr -d '`,' >"$tmp/tests"
[ "$(wc -l <"$tmp/tests")" -ge 10 ] || fail 'hardly any test within a file is named'
while read -r file names; do
    for name in $names; do
        grep -qE "^[A-Z_]*TEST\($name\)" "${file%:}" || fail "$file has no test $name"
        [ "$(grep -cE "\b$name\b" "${file%:}")" -ge 2 ] || fail "${file%:} does not run $name"
    done
done <"$tmp/tests"
