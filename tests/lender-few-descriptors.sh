#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Too few descriptors for what it is to do: it refuses to start, in words that say how many there
# are and the way out, wherever they end; so does a reload. 1024 pools are the most there can be.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires prlimit
sanitized && { echo 'SKIPPED: what it is built with needs descriptors, too' >&2; exit 77; }
started=0
for n in $(seq 4 40); do
    status=0
    mkdir -p "$tmp/d"
    timeout 2 prlimit --nofile="$n:$n" farpaged --listen "unix:$tmp/s" --listen 127.0.0.1:0 --lend 1M --pool a=4K \
        --pool b=4K --threads 3 --pid-file "$tmp/d/pid" 2>"$tmp/said" || status=$?
    case $status in
    124) started=$((started + 1)) ;; # it served until its time was over
    1) tail -1 "$tmp/said" | grep -q "error: .*only $n descriptors.* raise" || fail "$n: $(cat "$tmp/said")" ;;
    127) ;; # too few to be a program
    *) fail "$n: status $status: $(cat "$tmp/said")" ;;
    esac
    rm -f "$tmp/s"
    [ $started -lt 2 ] || break
done
[ $started -ge 1 ] || fail 'it never started'
for n in $(seq 1024); do echo "pool = p$n=4K"; done >"$tmp/pools"
common='listen = 127.0.0.1:0
lend = 16M'
{ echo "$common"; cat "$tmp/pools"; } >"$tmp/lender.conf"
status=0
timeout 20 prlimit --nofile=500:500 farpaged --config "$tmp/lender.conf" 2>"$tmp/said" || status=$?
[ $status = 1 ] || fail "status $status: $(tail -3 "$tmp/said")"
tail -1 "$tmp/said" | grep -q 'pool p[0-9]*: this process may have only 500 descriptors' || fail "$(tail -1 "$tmp/said")"
lender --config "$tmp/lender.conf"
reload "$common" "$(cat "$tmp/pools")" 'pool = p1025=4K'
case $words in *'there can be 1024 pools at most'*) ;; *) fail "$words" ;; esac
prlimit --pid "$lender_pid" --nofile=10
reload "$common" "$(cat "$tmp/pools")"
case $words in *'nothing changed: cannot read '*': this process may have only 10 descriptors'*) ;; *) fail "$words" ;; esac
