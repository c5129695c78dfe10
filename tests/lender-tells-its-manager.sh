#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A service manager hears when it serves, what is in use, that it reads its file again
# (a wrong one too), and that it ends. Nothing about a watchdog that nobody has.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
built_with LIBSYSTEMD
manager
common='listen = 127.0.0.1:0
lend = 64M
pool = a=32M'
echo "$common" >"$tmp/lender.conf"
lender --config "$tmp/lender.conf"
wait_for 10 told READY=1
told 'STATUS=1 pool, 32 of 64 MiB lent, 0 MiB in use' || wait_for 10 told 'STATUS=1 pool, .*'
[ "$(grep -vm1 FDSTORE= "$tmp/told")" = READY=1 ] || fail "$(cat "$tmp/told")"
raw <<'PY'
Conn("a").write(0, random.randbytes(5 * MIB))
PY
reload "$common" 'pool = b=1M'
wait_for 10 told 'RELOADING=1 MONOTONIC_USEC=[0-9]*'
wait_for 30 told 'STATUS=2 pools, 33 of 64 MiB lent, 5 MiB in use'
reload 'lend = nonsense'
reloads() { [ "$(grep -c '^RELOADING=1' "$tmp/told")/$(grep -c '^READY=1$' "$tmp/told")" = "$1" ]; }
wait_for 10 reloads 2/3
grep -vE '^STATUS=' "$tmp/told" | tail -1 | grep -qx READY=1 || fail "$(cat "$tmp/told")"
end_lender "$lender_pid"
wait_for 10 told STOPPING=1
[ "$(tail -1 "$tmp/told")" = STOPPING=1 ] || fail "$(cat "$tmp/told")"
! grep WATCHDOG "$tmp/told" || fail 'there is no watchdog'
