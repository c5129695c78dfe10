#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A pid-file is a regular file of one name that nobody else could have put there; what is not is
# refused and stays as it is. Root makes nothing in a directory that --user can change.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
common='--listen 127.0.0.1:0 --keep-free 0 --lend 1M'
refused() { # WORDS OPTION...
    want=$1
    shift
    # shellcheck disable=SC2086
    ! timeout 10 farpaged $common "$@" 2>"$tmp/said" || fail "it started: $*"
    tail -1 "$tmp/said" | grep -q "error: .*$want" || fail "\"$want\": $(cat "$tmp/said")"
    [ "$(cat "$tmp/precious")" = precious ] || fail "$*: it wrote through to $(cat "$tmp/precious")"
}
echo precious >"$tmp/precious"
mkdir "$tmp/run"
ln -s ../precious "$tmp/run/pid"
refused 'pid-file .*: it is a symbolic link' --pid-file "$tmp/run/pid"
ln -sf nowhere "$tmp/run/pid"
refused 'it is a symbolic link' --pid-file "$tmp/run/pid"
ln -f "$tmp/precious" "$tmp/run/pid"
refused 'it has another hard link' --pid-file "$tmp/run/pid"
rm "$tmp/run/pid" && mkfifo "$tmp/run/pid"
refused 'it is not a regular file' --pid-file "$tmp/run/pid"
rm "$tmp/run/pid" && mkdir "$tmp/run/pid"
refused 'pid-file' --pid-file "$tmp/run/pid"
rmdir "$tmp/run/pid"
lender --lend 1M --pid-file "$tmp/run/pid"
wait_for 10 grep -qx "$lender_pid" "$tmp/run/pid"
refused 'another farpaged uses it' --pid-file "$tmp/run/pid"
# It removes its own, and not what took its place.
mv "$tmp/run/pid" "$tmp/run/moved"
echo other >"$tmp/run/pid"
end_lender "$lender_pid"
[ "$(cat "$tmp/run/pid")" = other ] || fail "it removed another's file"
[ ! -s "$tmp/run/moved" ] || fail "it left its number behind"
rm "$tmp/run"/*
# A reload reads its name anew.
printf '%s\n' 'listen = 127.0.0.1:0' 'lend = 1M' "pid-file = $tmp/run/other" >"$tmp/lender.conf"
lender --config "$tmp/lender.conf"
reload 'listen = 127.0.0.1:0' 'lend = 1M' "pid-file = $tmp/run/other" 'dead-after = 60'
end_lender "$lender_pid"
[ ! -e "$tmp/run/other" ] || fail 'after a reload it stays'
[ "$(id -u)" = 0 ] && id nobody >/dev/null 2>&1 || exit 0
chmod 755 "$tmp"
chown nobody "$tmp/run"
lender --lend 1M --user nobody --pid-file "$tmp/run/pid"
wait_for 10 grep -qx "$lender_pid" "$tmp/run/pid"
[ "$(stat -c %U "$tmp/run/pid")" = nobody ] || fail 'root made it'
end_lender "$lender_pid"
[ ! -e "$tmp/run/pid" ] || fail 'it stays'
ln -s ../precious "$tmp/run/pid" && chown -h nobody "$tmp/run/pid"
refused 'it is a symbolic link' --user nobody --pid-file "$tmp/run/pid"
rm "$tmp/run/pid"
# A link of the user's on the way there, and a directory of root's behind it.
mkdir "$tmp/roots" && ln -s ../roots "$tmp/run/way" && chown -h nobody "$tmp/run/way"
refused 'Permission denied' --user nobody --pid-file "$tmp/run/way/pid"
[ ! -e "$tmp/roots/pid" ] || fail 'root made a file where the user wanted one'
mkdir "$tmp/run/kept" && chown nobody "$tmp/run/kept"
! timeout 10 farpaged --listen "unix:$tmp/run/way/sock" --lend 1M --user nobody 2>"$tmp/said" || fail 'it started'
[ ! -e "$tmp/roots/sock" ] || fail 'root made a socket where the user wanted one'
case $(stat -f -c %T /dev/shm) in tmpfs) ;; *) exit 0 ;; esac
on_tmpfs
chown nobody "$state" && mkdir "$state.roots" && cleanup "rm -rf $state.roots" && ln -s "$state.roots" "$state/way"
refused 'state-dir .*: make it' --user nobody --state-dir "$state/way/kept"
[ ! -e "$state.roots/kept" ] || fail 'root made a directory where the user wanted one'
