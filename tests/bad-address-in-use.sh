#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A port or a pid-file that another farpaged has: said so, and the other one is
# left alone.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 1M --pool first=1M --pid-file "$tmp/pid"
wait_for 10 grep -qx "$lender_pid" "$tmp/pid"
bad() { # WORDS OPTION...
    words=$1
    shift
    status=0
    timeout 10 farpaged --lend 1M --pool second=1M "$@" 2>"$tmp/err" || status=$?
    [ $status = 1 ] || fail "$*: status $status"
    grep -qF -- "$words" "$tmp/err" || fail "$*: no \"$words\" in: $(cat "$tmp/err")"
    raw <<'PY'
assert Conn("first").read(0, 1) == b"\0" and refused("second")[0] == UNKNOWN
PY
    [ "$(cat "$tmp/pid")" = "$lender_pid" ] || fail "$*: the pid-file says $(cat "$tmp/pid")"
}
bad "cannot listen on 127.0.0.1:$port: Address already in use; does another process listen there?" \
    --listen "127.0.0.1:$port"
bad "cannot listen on 0.0.0.0:$port: Address already in use" --listen "0.0.0.0:$port" --allow-plaintext
bad "cannot listen on 127.0.0.1:$port: Address already in use" --listen 127.0.0.1:0 \
    --listen "127.0.0.1:$port" --pid-file "$tmp/second.pid"
[ ! -e "$tmp/second.pid" ] || fail "the second one left its pid-file"
bad "cannot write pid-file $tmp/pid: another farpaged uses it" --listen 127.0.0.1:0 --pid-file "$tmp/pid"
bad "cannot write pid-file $tmp: Is a directory" --listen 127.0.0.1:0 --pid-file "$tmp"
bad "cannot write pid-file $tmp/none/pid: No such file" --listen 127.0.0.1:0 --pid-file "$tmp/none/pid"
bad "cannot listen on 203.0.113.7:1: Cannot assign requested address" --listen 203.0.113.7:1 --allow-plaintext
# A pid-file that is left over from a crash is no obstacle.
kill -KILL "$lender_pid"
wait "$lender_pid" || [ -s "$tmp/pid" ] || fail "nothing is left over"
lender --lend 1M --pid-file "$tmp/pid"
wait_for 10 grep -qx "$lender_pid" "$tmp/pid"
