#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# With --user a unix socket is that user's, wherever it is: it may connect, and others may not. One
# that was left there is replaced, whoever left it.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdinfo setpriv
[ "$(id -u)" = 0 ] || { echo 'SKIPPED: not root' >&2; exit 77; }
id nobody daemon >/dev/null 2>&1 || { echo 'SKIPPED: no users nobody and daemon' >&2; exit 77; }
chmod 755 "$tmp"
mkdir "$tmp/roots" "$tmp/users"
chown nobody "$tmp/users"
as() { # USER DIRECTORY
    setpriv --reuid="$1" --regid="$(id -g "$1")" --clear-groups nbdinfo --size "nbd+unix:///a?socket=$tmp/$2/s" >"$tmp/said" 2>&1
}
for round in 1 2; do
    lender --listen "unix:$tmp/roots/s" --listen "unix:$tmp/users/s" --lend 1M --pool a=1M --user nobody
    for where in roots users; do
        [ "$(stat -c '%U %A' "$tmp/$where/s")" = 'nobody srwxr-xr-x' ] || fail "$where: $(ls -l "$tmp/$where")"
        as nobody $where || fail "nobody cannot connect in $where: $(cat "$tmp/said")"
        ! as daemon $where || fail "everybody can connect in $where"
        as root $where || fail "root cannot connect: $(cat "$tmp/said")"
    done
    if [ $round = 1 ]; then
        kill -KILL "$lender_pid"
        wait "$lender_pid" || true
    fi
done
end_lender "$lender_pid"
[ ! -e "$tmp/users/s" ] || fail 'it stays'
