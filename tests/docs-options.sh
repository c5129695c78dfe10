#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Every option, parameter and function is in its manual page, and the other way round.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
docs=$FARPAGE_SRCDIR/docs

same() { # what
    sort -u "$tmp/program" >"$tmp/program.sorted"
    sort -u "$tmp/page" >"$tmp/page.sorted"
    [ -s "$tmp/page.sorted" ] || fail "$1: none were found"
    diff -u "$tmp/program.sorted" "$tmp/page.sorted" >"$tmp/diff" ||
        fail "$1: what it has (-) and what its page says (+) differ: $(cat "$tmp/diff")"
}
items() { sed -n "s/^=item $1.*/\\1/p" "$docs/$2"; }
# What stands between a =head1 and the next.
section() { sed -n "/^=head1 $1\$/,/^=head1 /p" "$docs/$2"; }

farpaged --help | sed -n 's/^  --\([a-z-]*\).*/\1/p' >"$tmp/program"
items 'B<--\([a-z-]*\)>' farpaged.pod >"$tmp/page"
same "farpaged's options"
section SYNOPSIS farpaged.pod | grep -o -e '--[a-z-]*' | sed 's/^--//' >"$tmp/page"
same "farpaged's synopsis"

# What may stand in a file: all but what only a command line can say.
farpaged --help | sed -n 's/^  --\([a-z-]*\).*/\1/p' |
    grep -vxE 'config|check-config|help|version' >"$tmp/program"
section 'CONFIG FILE' farpaged.pod | sed -n '/options:/,/^$/p' | tr '\n' ' ' | sed 's/\.  *C<listen> and.*//' |
    grep -o 'C<[a-z-]*>' | sed 's/C<\(.*\)>/\1/' >"$tmp/page"
same "the config file's names"
while read -r name; do
    echo "$name = " >"$tmp/conf"
    farpaged --check-config --config "$tmp/conf" 2>&1 | grep -q 'no such option' &&
        fail "$name is no option in a file"
done <"$tmp/page.sorted"

"$FARPAGE_BUILDDIR/run" nbdkit farpage --help | sed -n 's/^\([a-z-]*=\)[A-Za-z].*/\1/p' >"$tmp/program"
items 'B<\([a-z-]*=\)>' nbdkit-farpage-plugin.pod >"$tmp/page"
same "the plugin's parameters"
section SYNOPSIS nbdkit-farpage-plugin.pod | grep -o '[a-z-][a-z-]*=' >"$tmp/page"
same "the plugin's synopsis"

# Defaults, as they are and as the page has them.
"$FARPAGE_BUILDDIR/run" nbdkit farpage --dump-plugin | sed -n 's/^\(farpage_[a-z_]*\)=.*/\1/p' >"$tmp/program"
items '\(farpage_[a-z_]*\)' nbdkit-farpage-plugin.pod >"$tmp/page"
same 'what --dump-plugin prints'
"$FARPAGE_BUILDDIR/run" nbdkit farpage --dump-plugin | sed -n 's/^farpage_.*_ms=//p' | while read -r ms; do
    grep -q "is $ms\\.\|^is $ms\\.\|the default is $ms" "$docs/nbdkit-farpage-plugin.pod" ||
        tr '\n' ' ' <"$docs/nbdkit-farpage-plugin.pod" | grep -q "default is $ms" ||
        fail "the default of $ms ms is not in the page"
done

sed -n 's/^[a-z].*[ *]\(farpage_[a-z_]*\)(.*/\1/p' "$FARPAGE_SRCDIR/client/include/farpage.h" >"$tmp/program"
items '\(farpage_[a-z_]*\)' libfarpage.pod >"$tmp/page"
same "the library's functions"
nm -D --defined-only "$FARPAGE_BUILDDIR/client/.libs/libfarpage.so" | sed -n 's/.* T //p' >"$tmp/page"
same "the library's symbols"
sed -n '/^struct farpage_options {/,/^}/{s|/\*.*||;s/^\t.*[ *]\([a-z_]*\)\()(.*)\)\?[[;].*/\1/p}' "$FARPAGE_SRCDIR/client/include/farpage.h" >"$tmp/program"
sed -n '/^=item farpage_open/,/^=item farpage_close/s/^=item \([a-z_]*\)$/\1/p' "$docs/libfarpage.pod" |
    grep -v '^farpage_' >"$tmp/page"
same "the library's options"
