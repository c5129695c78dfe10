#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A unix socket left over from a crash is replaced; one that is answered, or a
# file that is no socket, is left alone, and said so.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdinfo
sock=$tmp/sock
lender --listen "unix:$sock" --lend 1M
nbdinfo "nbd+unix:///default?socket=$sock" >/dev/null || fail "cannot connect"
kill -KILL "$lender_pid"
wait "$lender_pid" || [ -S "$sock" ] || fail "no socket is left over"
lender --listen "unix:$sock" --lend 2M
nbdinfo "nbd+unix:///default?socket=$sock" | grep -q 'export-size: 2097152 ' ||
    fail "the left over socket was not replaced"
refused() { # WORDS FILE
    status=0
    timeout 10 farpaged --listen "unix:$2" --lend 3M 2>"$tmp/refused" || status=$?
    [ $status = 1 ] || fail "$2: status $status"
    grep -q "cannot listen on unix:$2: $1" "$tmp/refused" || fail "$2: $(cat "$tmp/refused")"
}
refused "Address already in use; does another process listen there" "$sock"
nbdinfo "nbd+unix:///default?socket=$sock" | grep -q 'export-size: 2097152 ' ||
    fail "the socket in use was taken away"
# Nobody waits for one that listens, and accepts nobody.
full_socket "$tmp/busy"
refused "Address already in use" "$tmp/busy"
echo keep me >"$tmp/file"
refused "Address already in use; that is no socket: remove it" "$tmp/file"
[ "$(cat "$tmp/file")" = "keep me" ] || fail "a file was removed"
ln -s "$tmp/file" "$tmp/link"
refused "Address already in use" "$tmp/link"
[ -L "$tmp/link" ] || fail "a link was removed"
mkdir "$tmp/directory"
refused "Address already in use" "$tmp/directory"
refused "No such file or directory" "$tmp/nowhere/sock"
