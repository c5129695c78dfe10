#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Sockets that a service manager hands over are listened on, and no others. What is no
# listening stream socket is refused.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
built_with LIBSYSTEMD
requires nbdinfo
cat >"$tmp/hand-over.py" <<'PY'
import os, socket, sys
anywhere = "0.0.0.0"
def made(family, kind, address):
    s = socket.socket(family, kind)
    s.bind(address)
    return s
def tcp(host="127.0.0.1"):
    return made(socket.AF_INET, socket.SOCK_STREAM, (host, 0))
def udp():
    return made(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0))
def unix():
    return made(socket.AF_UNIX, socket.SOCK_STREAM, "sock")
def heard(s):
    s.listen()
    return s
os.chdir(sys.argv[1])
given = [os.dup(s if type(s) == int else s.fileno()) for s in eval(sys.argv[2])]
high = [os.dup2(fd, 100 + i, False) for i, fd in enumerate(given)]
for i, fd in enumerate(high):
    os.dup2(fd, 3 + i)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(high)))
os.execv(sys.argv[3], sys.argv[3:])
PY
real=$(command -v farpaged)
mkdir "$tmp/bin"
PATH=$tmp/bin:$PATH
# handing SOCKETS: to every farpaged from now on.
handing() {
    printf '#!/bin/sh\nexec /usr/bin/python3 %s %s "%s" %s "$@"\n' "$tmp/hand-over.py" "$tmp" \
        "$1" "$real" >"$tmp/bin/farpaged"
    chmod +x "$tmp/bin/farpaged"
}

handing '[heard(tcp()), heard(unix())]'
lender --listen "unix:$tmp/other" --lend 1M --pool a=1M
grep -q 'handed over 2 sockets: listen is not used' "$tmp/lender.log" || fail 'it does not say so'
wait_for 10 grep -qx 'farpaged: listening on unix:sock' "$tmp/lender.log"
[ ! -e "$tmp/other" ] || fail 'it listens elsewhere, too'
raw <<'PY' || fail 'it does not serve'
c = Conn("a")
c.write(0, page(1))
assert c.read(0, PAGE) == page(1)
PY
nbdinfo "nbd+unix:///a?socket=$tmp/sock" >/dev/null || fail 'it does not serve on the unix socket'
end_lender "$lender_pid"
[ -S "$tmp/sock" ] || fail "it removed another one's file"
rm "$tmp/sock"

refused() { # SOCKETS WORDS
    handing "$1"
    status=0
    timeout 10 "$tmp/bin/farpaged" --lend 1M 2>"$tmp/refused" || status=$?
    [ $status = 1 ] || fail "$1: status $status: $(cat "$tmp/refused")"
    grep -q "error: .*$2" "$tmp/refused" || fail "$1: $(cat "$tmp/refused")"
}
no_socket='not a listening stream socket; a socket unit needs ListenStream= and Accept=no'
refused '[heard(tcp()), udp()]' "descriptor 4.*$no_socket"
refused '[tcp()]' "descriptor 3.*$no_socket"
refused '[socket.socketpair()[0]]' "$no_socket"
refused '[0]' "$no_socket"
refused '[heard(tcp(anywhere))]' 'descriptor 3.*other hosts can reach this address'
refused '[heard(tcp())] * 17' 'more than 16 sockets'
