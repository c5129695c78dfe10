#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A config file with something wrong is refused with its name and line, by
# --check-config and by the daemon alike.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
conf=$tmp/lender.conf
bad() { # WORDS LINE...
    words=$1
    shift
    printf "%b\n" "$@" >"$conf"
    for check in --check-config ''; do
        status=0
        timeout 10 farpaged --config "$conf" $check >"$tmp/out" 2>"$tmp/err" || status=$?
        [ $status = 1 ] || fail "$*: status $status $(cat "$tmp/err")"
        grep -qF -- "$words" "$tmp/err" || fail "$*: no \"$words\" in: $(cat "$tmp/err")"
        ! grep -q -e fine -e listening "$tmp/out" "$tmp/err" || fail "$*: and yet it went on"
    done
}
bad "$conf:1: colour = red: there is no such option in a config file" "colour = red"
bad "$conf:3: lend = x: write a size" "listen = unix:$tmp/sock" "# a remark" "lend = x"
bad "$conf:2: pool = a=3: write the size" "lend = 4K" "pool = a=3" "lend = x"
bad "$conf:1: threads = 0:" "threads = 0"
bad "$conf:1: listen = here:" "listen = here"
bad "$conf:1: log-level = :" "log-level ="
bad "$conf:1: pid-file = : write a path" "pid-file ="
bad "$conf:1: " "lend"
bad "$conf:2: " "lend = 4K" "what is this"
bad "$conf:2: threads = 2: a config file has no sections" "[farpaged]" "threads = 2"
bad "$conf:1: config = x: there is no such option in a config file" "config = x"
bad "$conf:1: check-config = yes: there is no such option" "check-config = yes"
bad "$conf:3: pool = a=4K: there already is a pool of that name" "pool = a=4K" "pool = b=4K" "pool = a=4K"
bad "only 4K is lent" "lend = 4K" "pool = a=8K"
bad "$conf:1: " "lend = 8K\t 8K"
bad "$conf:1: " "$(printf 'x%.0s' $(seq 5000))"
