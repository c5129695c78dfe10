#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A device is swapped onto only without an I/O scheduler: with one, a signal costs it (docs/zero-memory.md).
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/units-host.sh"
scheduler=/sys/block/nbd0/queue/scheduler
echo mq-deadline >$scheduler
farpage_swap attach x LENDER=lender || fail "$words"
[ "$(cat $scheduler)" = none ] || fail "the scheduler is $(cat $scheduler)"
farpage_swap detach x || fail "$words"
rm $scheduler
mkdir $scheduler
: >"$calls"
farpage_swap attach x LENDER=lender && fail 'it swaps, and cannot set the scheduler'
case $words in *'cannot remove the I/O scheduler of /dev/nbd0'*) ;; *) fail "$words" ;; esac
grep -q '^swapon' "$calls" && fail 'it swapped on'
grep -q '^nbd-client -d /dev/nbd0' "$calls" || fail 'it left the device attached'
