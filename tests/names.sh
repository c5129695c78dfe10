# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# For tests/borrower-name*.sh: . it instead of lib.sh. Names are what the script says: in a mount namespace of its
# own it has a hosts file, and a resolver only if it says "resolver".
if [ -z "${OWN_NAMES-}" ]; then
    if [ "$(id -u)" != 0 ] || ! unshare -m mount -t tmpfs none /mnt 2>/dev/null; then
        echo 'SKIPPED: cannot have a mount namespace' >&2
        exit 77
    fi
    OWN_NAMES=1 exec unshare -m "$0" "$@"
fi
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
for file in hosts nsswitch.conf resolv.conf; do
    : >"$tmp/$file"
    [ -e "/etc/$file" ] || : >"/etc/$file"
    mount --bind "$tmp/$file" "/etc/$file"
done
echo 'hosts: files' >/etc/nsswitch.conf
# names LINE...: what is known from now on, in lines "ADDRESS NAME"
names() { printf '%s\n' '127.0.0.1 localhost' "$@" >/etc/hosts; }
names

# mute ADDRESS PORT [udp]: takes what comes, and answers nothing
mute() {
    /usr/bin/python3 -c 'import signal, socket, sys
s = socket.socket(type=socket.SOCK_DGRAM if sys.argv[3:] else socket.SOCK_STREAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind((sys.argv[1], int(sys.argv[2])))
sys.argv[3:] or s.listen(100)
print("mute", flush=True)
signal.pause()' "$@" >"$tmp/mute" &
    cleanup "kill $! 2>/dev/null"
    wait_for 10 grep -q mute "$tmp/mute"
}
# resolver: there is one, who is mute
resolver() {
    echo 'hosts: files dns' >/etc/nsswitch.conf
    printf 'nameserver 127.0.0.53\noptions timeout:30 attempts:5\n' >/etc/resolv.conf
    mute 127.0.0.53 53 udp
}
