#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What there is one place for in common/ is not made again elsewhere: the clock, words, addresses, page sizes.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
# Files of TREE that have PATTERN, but for those named ALLOWED.
elsewhere() { # TREE PATTERN ALLOWED...
    tree=$1 pattern=$2
    shift 2
    (cd "$tree" && grep -rlE --include='*.[ch]' "$pattern" common store nbd server client program face front plugin) | sort >"$tmp/have"
    printf '%s\n' "$@" | sort | comm -13 - "$tmp/have"
}
# PATTERN ALLOWED...
only_in() {
    [ -z "$(elsewhere "$FARPAGE_SRCDIR" "$@")" ] || fail "$1: also in $(elsewhere "$FARPAGE_SRCDIR" "$@" | xargs)"
    [ -n "$(elsewhere "$FARPAGE_SRCDIR" "$1")" ] || fail "$1: nowhere"
}
only_in 'clock_gettime\(CLOCK_MONOTONIC|condattr_setclock\(' common/clock.h
only_in '\bvsnprintf\(' common/json.c common/lines.c common/words.c
only_in '"unix:"' common/hostport.c
only_in '#define [A-Z_]*WORDS_MAX' common/words.h client/include/farpage.h
only_in '#define [A-Z_]*PAGE_(BYTES|SIZE)\b' common/page.h client/include/farpage.h
only_in '\bgetopt_long\(' common/settings_args.c
# It sees what it is for.
mkdir "$tmp/tree"
(cd "$FARPAGE_SRCDIR" && cp -r common store nbd server client program face front plugin "$tmp/tree")
echo '#define POOL_WORDS_MAX 512' >>"$tmp/tree/server/pool/pool.h"
[ "$(elsewhere "$tmp/tree" '#define [A-Z_]*WORDS_MAX' common/words.h client/include/farpage.h)" = server/pool/pool.h ] ||
    fail 'a second one was not seen'
