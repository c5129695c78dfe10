#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nbdload refuses bad use with status 2, an unusable server with 1, in words.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 2M --pool bench=1M
here=127.0.0.1:$port

# refused STATUS WORDS ARGUMENT...
refused() {
    want=$1 words=$2
    shift 2
    got=0
    nbdload "$@" >"$tmp/out" 2>"$tmp/said" || got=$?
    [ $got = "$want" ] || fail "status $got, not $want: nbdload $*"
    grep -q -e "$words" "$tmp/said" || fail "no '$words' in: $(cat "$tmp/said")"
    [ ! -s "$tmp/out" ] || fail "a report all the same: nbdload $*"
}

refused 2 'no address'
refused 2 'more than one address' "$here" "$here"
refused 2 'unknown option' --fast "$here"
refused 2 'needs an argument' "$here" --depth
refused 2 'not between' --depth 0 "$here"
refused 2 'is no number' --size 1Q "$here"
refused 2 'none of read, write, mixed' --mode append "$here"
refused 2 'is no time' --seconds soon "$here"
refused 2 'multiple of 8' --verify --block 9 "$here"
refused 1 'is no address' nowhere
refused 1 'connecting to' "unix:$tmp/nobody"
refused 1 'refuses the export' --export nobody "$here"
refused 1 'more than the export' --export bench --size 2M "$here"
refused 1 'server is gone\|No such process' --export bench --server-pid 2147483646 "$here"
nbdload --help | grep -q -- '--read-percent' || fail "no --help"
