#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A SIGHUP or a SIGUSR1 that comes while the lender is still starting does not end it: what it asks
# for is done as soon as it can be.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
{
    printf '%s\n' 'listen = 127.0.0.1:0' 'lend = 64M' 'keep-free = 0'
    seq -f 'pool = p%g=4K' 1000
} >"$tmp/lender.conf"
for signal in HUP USR1; do
    farpaged --config "$tmp/lender.conf" 2>"$tmp/lender.log" &
    lender_pid=$!
    cleanup "end_lender $lender_pid"
    wait_for 20 grep -q 'pool p1:' "$tmp/lender.log"
    kill -$signal "$lender_pid"
    wait_for 60 grep -q -e 'configuration read again' -e 'memory: no shortage' "$tmp/lender.log"
    grep -q 'listening on' "$tmp/lender.log" || fail 'before it listens'
    end_lender "$lender_pid"
    [ "$lender_status" = 0 ] || fail "it ended with $lender_status"
done
