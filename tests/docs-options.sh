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

# "NAME DEFAULT" of each that has one in a word, from a table of help on stdin; LEFT is what stands before
# the name, and RIGHT behind it.
defaults() { # LEFT RIGHT
    awk -v left="^$1[a-z]" '$0 ~ left { print line; line = $0; next } /^  / { line = line " " $0 } END { print line }' |
        sed -n "s/^$1\\([a-z-]*\\)$2.*\\[\\([^] =]*\\)\\]\$/\\1 \\2/p"
}
# What PAGE says of ITEM.
text_of() { # ITEM PAGE
    awk -v item="B<$1>" '/^=(item|back|head)/ { if (on && said) exit; on = on || index($0, item); next }
                         on && NF { said = 1; print }' "$docs/$2"
}
check_defaults() { # BEFORE AFTER PAGE
    [ -s "$tmp/defaults" ] || fail "$3: there are no defaults"
    while read -r name default; do
        text_of "$1$name$2" "$3" | grep -qF -- "$default" || fail "$3: the default of $name, $default, is not there"
    done <"$tmp/defaults"
}
farpaged --help | defaults '  --' '' >"$tmp/defaults"
check_defaults -- '' farpaged.pod

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

farpage-front --help | sed -n 's/^  --\([a-z-]*\).*/\1/p' >"$tmp/program"
items 'B<--\([a-z-]*\)>' farpage-front.pod >"$tmp/page"
same "farpage-front's options"
section SYNOPSIS farpage-front.pod | grep -o -e '--[a-z-]*' | sed 's/^--//' >"$tmp/page"
grep -vxE 'help|version' "$tmp/program.sorted" >"$tmp/program"
same "farpage-front's synopsis"

"$FARPAGE_BUILDDIR/run" nbdkit farpage --help >"$tmp/help"
farpage-front --help | sed -n 's/^\([a-z-]*=\)[A-Za-z].*/\1/p' >"$tmp/program"
sed -n 's/^\([a-z-]*=\)[A-Za-z].*/\1/p' "$tmp/help" >"$tmp/page"
same "the keys of farpage-front and the plugin"
sed -n 's/^\([a-z-]*=\)[A-Za-z].*/\1/p' "$tmp/help" >"$tmp/program"
items 'B<\([a-z-]*=\)>' nbdkit-farpage-plugin.pod >"$tmp/page"
same "the plugin's parameters"
defaults '' '=' <"$tmp/help" >"$tmp/defaults"
check_defaults '' '=' nbdkit-farpage-plugin.pod
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

sed -n '/^typedef/d;s/^[a-z].*[ *]\(farpage_[a-z_]*\)(.*/\1/p' "$FARPAGE_SRCDIR/client/include/farpage.h" >"$tmp/program"
items '\(farpage_[a-z_]*\)' libfarpage.pod >"$tmp/page"
same "the library's functions"
nm -D --defined-only "$FARPAGE_BUILDDIR/client/.libs/libfarpage.so" | sed -n 's/.* T \(.*\)@@FARPAGE_1$/\1/p' >"$tmp/page"
same "the library's symbols"
sed -n '/^struct farpage_options {/,/^}/{s|/\*.*||;s/^\t.*[ *]\([a-z_]*\)\()(.*)\)\?[[;].*/\1/p}' "$FARPAGE_SRCDIR/client/include/farpage.h" >"$tmp/program"
sed -n '/^=item farpage_open/,/^=item farpage_close/s/^=item \([a-z_]*\)$/\1/p' "$docs/libfarpage.pod" |
    grep -v '^farpage_' >"$tmp/page"
same "the library's options"
