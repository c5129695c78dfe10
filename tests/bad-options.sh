#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Each wrong option is refused in words that say what is right, and nothing is
# started.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
bad() { # WORDS OPTION...
    words=$1
    shift
    status=0
    timeout 10 farpaged --listen "unix:$tmp/sock" "$@" >"$tmp/out" 2>"$tmp/err" || status=$?
    [ $status = 1 ] || fail "farpaged $*: status $status"
    grep -qF -- "$words" "$tmp/err" || fail "farpaged $*: no \"$words\" in: $(cat "$tmp/err")"
    [ "$(wc -l <"$tmp/err")" = 1 ] || fail "farpaged $*: more than a line: $(cat "$tmp/err")"
    [ ! -s "$tmp/out" ] || fail "farpaged $*: it prints $(cat "$tmp/out")"
    [ ! -e "$tmp/sock" ] || fail "farpaged $*: it listened"
}
bad "--colour: no such option" --colour
bad "see farpaged --help" -x
bad "this is not an option" pool
bad "this is not an option" --lend 1M -- a=1M
bad "--lend: needs a value" --lend
for size in '' 0 1 4095 x 4Q 4KiBs -1 -4096 0x1000 ' 4K' 1e6 99999999999999999999 9E 4.K .5G 1,5G; do
    bad "--lend $size: write a size of at least 4K" --lend "$size"
done
bad "this host has only" --lend 8000T
for pool in a '' =1M a= a=0 a=1 a=4097 a=x a=-4K 'a=4K ' a=4K,thick a=4K,thin,thin 'a=4K,' 'a b=4K' \
    'a/b=4K' 'a?b=4K' 'a@1=4K' 'ä=4K' "$(printf '%065d' 7)=4K"; do
    bad "--pool $pool: " --lend 1M --pool "$pool"
done
bad "a name has 1 to 64 letters" --pool =4K
bad "as a multiple of 4K" --pool a=6K
bad "may be followed by ,thin ,owner" --pool a=4K,thick
bad "there already is a pool of that name" --pool a=4K --pool b=4K --pool a=8K
bad "the pools reserve 12K, but only 8K is lent" --lend 8K --pool a=4K --pool b=8K
bad "the pools reserve" --lend 8K --pool a=4096P --pool b=4096P --pool c=4096P --pool d=4096P --pool e=4K
for size in '' x -1 4Q; do
    bad "--keep-free $size: write a size" --keep-free "$size"
done
bad "this host has only" --keep-free 8000T
for seconds in '' 0 86401 x 1s; do
    bad "--vacate-deadline $seconds: write seconds from 1 to 86400" --vacate-deadline "$seconds"
done
for threads in '' 0 65 -1 x 1x ' 1' 99999999999; do
    bad "--threads $threads: write a number from 1 to 64" --threads "$threads"
done
for level in '' 1 INFO verbose; do
    bad "--log-level $level: write error, warn, info or debug" --log-level "$level"
done
for listen in '' host 127.0.0.1 127.0.0.1: :10809 127.0.0.1:65536 127.0.0.1:-1 127.0.0.1:http ::1:10809 \
    '[::1:10809' '[]:1' unix: tcp:1:2 "unix:$(printf '%0108d' 1)"; do
    bad "--listen $listen: write ADDR:PORT, [ADDR6]:PORT or unix:PATH" --listen "$listen"
done
set --
for n in $(seq 16); do
    set -- "$@" --listen "127.0.0.1:$n"
done
bad "too many addresses" "$@"
bad "--pid-file : write a path" --pid-file ''
bad "takes no value" --check-config=yes
bad "cannot read $tmp/none: No such file" --config "$tmp/none"
