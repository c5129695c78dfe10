#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# It listens wherever it is told to: several addresses, both families, sockets;
# the port may be the system's choice; and says where.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdinfo nbdcopy
set -- --listen 127.0.0.1:0 --listen "unix:$tmp/one" --listen "unix:$tmp/two" --listen localhost:0
six=
[ ! -e /proc/net/if_inet6 ] || ! grep -q ' lo$' /proc/net/if_inet6 || six=1
lender "$@" ${six:+--listen "[::1]:0"} --lend 1M --pool a=1M
sed -n 's/.*listening on //p' "$tmp/lender.log" >"$tmp/where"
names=$(getent ahosts localhost | cut -d ' ' -f 1 | sort -u | wc -l)
[ "$(wc -l <"$tmp/where")" = $((3 + names + ${six:-0})) ] || fail "it listens on $(cat "$tmp/where")"
while read -r where; do
    case $where in
    unix:*) uri="nbd+unix:///a?socket=${where#unix:}" ;;
    *) uri=nbd://$where/a ;;
    esac
    [ "$(nbdinfo --size "$uri")" = 1048576 ] || fail "not on $where"
    nbdcopy "$uri" null: || fail "not on $where" # nbdinfo may only ask
done <"$tmp/where"
grep -q 'process [0-9]* of user [0-9]* opens pool a' "$tmp/lender.log" || fail "who came by socket?"
[ -z "$six" ] || grep -q '\[::1\]:[0-9]* opens pool a' "$tmp/lender.log" || fail "who came by IPv6?"
