#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# udev's rule tells our devices by marks: one while a device is being connected, one for that connection. None
# is left by who failed, was killed, or detached.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/units-host.sh"
marks() { (cd /run/farpage/devices && echo *) 2>/dev/null; }
farpage_swap attach x LENDER=lender || fail "$words"
[ "$(marks)" = "nbd0.$(cat /sys/block/nbd0/pid)" ] || fail "attached: $(marks)"
farpage_swap detach x || fail "$words"
[ "$(marks)" = '*' ] || fail "detached: $(marks)"

# While it connects; and another program was faster.
# shellcheck disable=SC2016
fake nbd-client 'ls /run/farpage/devices; echo 1 >/sys/block/nbd0/pid; exit 1'
! farpage_swap attach x LENDER=lender || fail 'it could not connect'
case $words in *nbd0.new*) ;; *) fail "connecting: $words" ;; esac
[ "$(marks)" = '*' ] || fail "failed: $(marks)"
[ "$(cat /sys/block/nbd0/uevent)" = change ] || fail 'udev is not told that it is not ours'

echo y >/run/farpage/devices/nbd1.new
echo z >/run/farpage/devices/nbd0.new
farpage_swap detach z || fail "$words"
[ "$(marks)" = nbd1.new ] || fail "killed: $(marks)"
