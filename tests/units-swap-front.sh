#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# attach takes the device of farpage-front@NAME, by ublk or by a unix socket, as its file says; detach swaps off and
# connects nothing. Of a front that was killed an area stays: it is given up, and not put before the next.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/units-host.sh"
mkdir -p /run/farpage /sys/block/ublkb0/queue
front() { echo "$1" >/run/farpage/x.front; }
said() { case $words in *"$1"*) ;; *) fail "not '$1': $words" ;; esac; }
called() { grep -q "^$1" "$calls" || fail "not $1: $(cat "$calls")"; }

front '/dev/ublkb0 123'
mknod /dev/ublkb0 b 259 7
farpage_swap attach x || fail "$words"
called 'mkswap /dev/ublkb0'
called 'swapon -p 50 --discard /dev/ublkb0'
[ "$(cat /run/farpage/x.device)" = '/dev/ublkb0 123' ] || fail "$(cat /run/farpage/x.device)"
[ "$(cat /sys/block/ublkb0/queue/scheduler)" = none ] || fail 'it has a scheduler'
farpage_swap attach x || fail "$words"
said 'attached already'
farpage_swap detach x || fail "$words"
called 'swapoff /dev/ublkb0'
called 'blkdiscard /dev/ublkb0'
! grep nbd-client "$calls" || fail 'it connects something'
[ ! -e /run/farpage/x.device ] || fail 'it remembers'

# Another front took the number: it is left alone.
farpage_swap attach x || fail "$words"
echo Filename >/proc/swaps
front '/dev/ublkb0 124'
: >"$calls"
farpage_swap detach x || fail "$words"
said 'leaving it alone'
[ ! -s "$calls" ] || fail "$(cat "$calls")"

# It was killed.
farpage_swap attach x PRIORITY=60 || fail "$words"
rm /dev/ublkb0
printf 'Filename\n/dev/ublkb0\\040(deleted) partition 1 0 60\n' >/proc/swaps
: >"$calls"
farpage_swap detach x || fail "$words"
said 'the front of /dev/ublkb0 was killed'
[ ! -s "$calls" ] || fail "$(cat "$calls")"
mkdir -p /sys/block/ublkb1/queue
mknod /dev/ublkb1 b 259 8
front '/dev/ublkb1 125'
farpage_swap attach x PRIORITY=60 || fail "$words"
called 'swapon -p 61 --discard /dev/ublkb1'
echo Filename >/proc/swaps

# By a socket; and where this host cannot be meant.
front '192.0.2.1:10809 126'
! farpage_swap attach y || fail 'it took what is not there'
said 'start farpage@y.service or farpage-front@y.service'
! farpage_swap attach x || fail 'it took a gateway'
said 'listens at 192.0.2.1:10809'
front 'unix:/run/farpage/none.sock 127'
! farpage_swap attach x || fail 'it took what is not there'
said 'there is no /run/farpage/none.sock'
