#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# While this host swaps onto a lender it cannot hibernate: the image would be written there. The guard is
# a file of the service manager's, one for each that is attached; whoever has one may see it.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/units-host.sh"
guards() { (cd /run/systemd/sleep.conf.d && for guard in *.conf; do [ ! -e "$guard" ] || printf '%s ' "$guard"; done); }
farpage_swap attach x LENDER=lender || fail "$words"
[ "$(guards)" = 'farpage-x.conf ' ] || fail "guards: $(guards)"
for way in Hibernation HybridSleep SuspendThenHibernate; do
    grep -qx "Allow$way=no" /run/systemd/sleep.conf.d/farpage-x.conf || fail "it may: $way"
done
farpage_swap attach y LENDER=other || fail "$words"
[ "$(guards)" = 'farpage-x.conf farpage-y.conf ' ] || fail "guards: $(guards)"
farpage_swap detach y || fail "$words"
[ "$(guards)" = 'farpage-x.conf ' ] || fail "guards: $(guards)"
farpage_swap detach x || fail "$words"
[ "$(guards)" = '' ] || fail "guards are left: $(guards)"
# Nor does an attach that failed leave one.
fake swapon 'exit 1'
! farpage_swap attach x LENDER=lender || fail 'it is attached'
[ "$(guards)" = '' ] || fail "guards are left: $(guards)"
