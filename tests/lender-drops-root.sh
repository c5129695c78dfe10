#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# --user: it does as root what wants root, and then no thread of it is root, nor can be
# again; what it has and what comes later is locked all the same.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
[ "$(id -u)" = 0 ] || { echo 'SKIPPED: not root' >&2; exit 77; }
requires setpriv prlimit
id nobody >/dev/null 2>&1 || { echo 'SKIPPED: there is no user nobody' >&2; exit 77; }
mkdir -m 700 "$tmp/roots"
chmod 755 "$tmp"
common="listen = 127.0.0.1:0
listen = unix:$tmp/roots/sock
pid-file = $tmp/roots/pid
user = nobody
threads = 3
lend = 64M"
printf '%s\n' "$common" 'pool = a=1M' >"$tmp/lender.conf"
lender --config "$tmp/lender.conf"
wait_for 10 test -s "$tmp/roots/pid"
[ "$(cat "$tmp/roots/pid")" = "$lender_pid" ] || fail "$(cat "$tmp/roots/pid")"
nbdinfo "nbd+unix:///a?socket=$tmp/roots/sock" >/dev/null || fail 'it does not serve'
uid=$(id -u nobody) gid=$(id -g nobody)
# With a limit of locked memory that it may not raise, it keeps the right to lock.
caps=0000000000000000
prlimit --memlock=unlimited:unlimited true 2>/dev/null || caps=0000000000004000
setpriv --dump | grep -q '^Capability bounding set:.*ipc_lock' || caps=0000000000000000
[ "$(find "/proc/$lender_pid/task" -mindepth 1 -maxdepth 1 | wc -l)" = 3 ] || fail 'no threads'
for task in "/proc/$lender_pid/task"/*; do
    tr -s '\t ' ' ' <"$task/status" >"$tmp/status"
    for line in "Uid: $uid $uid $uid $uid" "Gid: $gid $gid $gid $gid" "Groups: $gid " \
        'CapInh: 0000000000000000' "CapPrm: $caps" "CapEff: $caps" \
        'NoNewPrivs: 1'; do
        grep -qx "$line" "$tmp/status" || fail "not $line: $(cat "$tmp/status")"
    done
done
# Its memory, which has pages in it, is root's to see and nobody else's.
setpriv --reuid="$uid" --regid="$gid" --clear-groups cat "/proc/$lender_pid/maps" >/dev/null 2>&1 &&
    fail 'the same user sees its memory'
reload "$common" 'pool = a=2M' 'pool = later=16M'
case $words in *'read again'*) ;; *) fail "$words" ;; esac
raw <<'PY' || fail 'a pool that came later does not serve'
for name, pages in ("a", 512), ("later", 4096):
    Conn(name).write((pages - 1) * PAGE, page(1))
PY
if ! sanitized; then
    loose=$(sed -n '/memfd:farpage/,/^VmFlags/s/^VmFlags: //p' "/proc/$lender_pid/smaps" | grep -cv ' lo') ||
        true
    [ "$loose" = 0 ] || fail "$loose pools are not locked"
fi
# What the user may not read is not half read.
chmod 600 "$tmp/lender.conf"
kill -HUP "$lender_pid"
wait_for 10 grep -q 'nothing changed: cannot read .*Permission denied' "$tmp/lender.log"
! grep -i 'cannot lock' "$tmp/lender.log" || fail 'it could not lock'
end_lender "$lender_pid"
[ ! -s "$tmp/roots/pid" ] || fail "the pid stays: $(cat "$tmp/roots/pid")"

refused() { # WORDS COMMAND...
    want=$1
    shift
    status=0
    timeout 10 "$@" --listen 127.0.0.1:0 --lend 1M 2>"$tmp/err" || status=$?
    [ $status = 1 ] || fail "$*: status $status: $(cat "$tmp/err")"
    grep -qF -- "$want" "$tmp/err" || fail "$*: no \"$want\" in: $(cat "$tmp/err")"
    ! grep -q listening "$tmp/err" || fail "$*: it listened"
}
daemon=$(command -v farpaged)
refused 'user nobody-at-all: there is no such user' farpaged --user nobody-at-all
refused 'user root is root' farpaged --user root
refused 'only root can become another user' setpriv --reuid="$uid" --clear-groups "$daemon" --user daemon
