#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A document's lines are shorter than 130 characters, but for rows of tables, which cannot be broken. The
# files that it links to or names are there.
# shellcheck disable=SC2016
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
cd "$FARPAGE_SRCDIR"
set -- ./*.md docs/*.md docs/*.pod
[ $# -ge 10 ] || fail "hardly any document: $*"

for document; do
    LC_ALL=C.UTF-8 grep -nE '^.{130}' "$document" | grep -v '^[0-9]*:|' >"$tmp/long" || continue
    fail "$document has lines of 130 characters and more: $(cut -c1-80 "$tmp/long")"
done

# [text](file#heading) and [label]: file, from where the document is.
links() { grep -oE '\]\([^)]*\)|^\[[^]]*\]: .*' "$1" | sed -E 's/^\]\((.*)\)$/\1/; s/^\[[^]]*\]: //'; }
# A heading as a link has it: in small letters, dashes for spaces, and nothing else.
headings() { sed -n 's/^##* //p' "$1" | tr 'A-Z ' 'a-z-' | tr -cd 'a-z0-9_\n-'; }
n=0
for document in ./*.md docs/*.md; do
    for link in $(links "$document"); do
        case $link in http*) continue ;; esac
        n=$((n + 1)) file=${link%%#*} heading=
        case $link in *'#'*) heading=${link#*#} ;; esac
        file=${file:+${document%/*}/$file}
        [ -e "${file:=$document}" ] || fail "$document links to $link, which is not there"
        [ -z "$heading" ] || headings "$file" | grep -qx -- "$heading" ||
            fail "$document links to $link, and there is no such heading"
    done
done
[ $n -ge 20 ] || fail "hardly any link: $n"

# `path` and F<path> of ours: from a folder of the top on, or the name of a source file.
top=$(find . -maxdepth 1 -type d -name '[a-z]*' ! -name build | sed 's|^./||' | tr '\n' '|')
find . -type f ! -path './build/*' ! -path './.git/*' >"$tmp/files"
grep -ohE '`[^` ]*`|[FC]<[^<> ]*>' "$@" | sed -E 's/^(`|[FC]<)//; s/(`|>)$//' | sort -u >"$tmp/words"
grep -E "^(${top%|})/.|^[a-z_0-9]+\.[ch]$" "$tmp/words" >"$tmp/named"
[ "$(wc -l <"$tmp/named")" -ge 100 ] || fail "hardly any file is named: $(wc -l <"$tmp/named")"
while read -r name; do
    case $name in
    docs/*.[138]) name=${name%.*}.pod ;;
    tests/NAME* | */test-NAME.c | *NAME*) continue ;;
    esac
    case $name in
    */*)
        # shellcheck disable=SC2086
        set -- ${name%/}
        [ -e "$1" ] || fail "$name is named, and is not there"
        ;;
    *)
        grep -qE "(^|/)$name\$" "$tmp/files" || grep -rqF "#include <$name>" client plugin ||
            fail "$name is named, and is not there"
        ;;
    esac
done <"$tmp/named"
