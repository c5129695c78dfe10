# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# For the behaviour scripts: . "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
# A script is one behaviour. It exits 0, or 77 when something is missing, or
# says what it saw and exits 1. What it started ends with it.
set -eu
# Nothing hangs for ever: a script that needs more sets time_limit before.
if [ -z "${FARPAGE_LIMITED-}" ]; then
    export FARPAGE_LIMITED=1
    exec timeout -k 20 "${time_limit:-120}" "$0" "$@"
fi
# "make check" turns malloc's checks on: for our programs, not for all others.
malloc_debug=${MALLOC_CHECK_:+libc_malloc_debug.so.0}
# A spill must not lie in memory, as /tmp does on Debian 13.
[ "${TMPDIR-}" ] || [ "$(stat -f -c %T /tmp)" != tmpfs ] || export TMPDIR=/var/tmp
tmp=$(mktemp -d)
cleanups=
# The newest first; a script's own status stays.
run_cleanups() {
    status=$?
    trap - EXIT
    set +e
    eval "$cleanups"
    rm -rf "$tmp"
    exit $status
}
trap run_cleanups EXIT
trap 'exit 143' TERM INT HUP

# cleanup COMMAND: run it when the script ends.
cleanup() { cleanups="$*; $cleanups"; }

# Seen also from within wait_for, which hides what the command says.
exec 9>&2
fail() {
    echo "FAILED: $*" >&9
    for log in "$tmp"/lender.log "$tmp"/*/lender.log "$tmp"/borrower.log; do
        [ ! -s "$log" ] || tail -7 "$log" | sed 's/^/  | /' >&9
    done
    exit 1
}

# requires PROGRAM...: or skip.
requires() {
    for program; do
        command -v "$program" >/dev/null || {
            echo "SKIPPED: $program is not installed" >&2
            exit 77
        }
    done
}

# wait_for SECONDS COMMAND...: until it succeeds. COMMAND may wait for something itself: when this
# ends is a parameter, for only those are a function's own.
wait_for() {
    wait_end=$(($(date +%s) + $1))
    shift
    set -- $wait_end "$@"
    until but_the_first "$@" >/dev/null 2>&1; do
        [ "$(date +%s)" -lt "$1" ] || { shift; fail "waited in vain for: $*"; }
        sleep 0.02
    done
}
but_the_first() { shift; "$@"; }

# lender [OPTION...]: a farpaged on a port of its own; $port, $lender_pid and
# its log in $tmp/lender.log. A test that needs a certain port gives --listen,
# or a --config that says where.
lender() {
    : >"$tmp/lender.log"
    listens=0 lender_config=/dev/null before_option=
    for option; do
        [ "$option" != --listen ] || listens=$((listens + 1))
        [ "$before_option" != --config ] || lender_config=$option
        before_option=$option
    done
    [ $listens -gt 0 ] || listens=$(grep -c "^listen" "$lender_config") || {
        set -- --listen 127.0.0.1:0 "$@"
        listens=1
    }
    LD_PRELOAD=$malloc_debug farpaged "$@" 2>>"$tmp/lender.log" &
    lender_pid=$!
    cleanup "end_lender $lender_pid"
    wait_for 10 lender_listens
    kill -0 $lender_pid || fail "farpaged $* did not start"
    port=$(sed -n 's/.*listening on 127.0.0.1:\([0-9]*\)$/\1/p' "$tmp/lender.log" | tail -1)
}

# far_host: a host of its own, the network namespace $ns, at $net.2; we are $net.1 to it, on $near. Or skip.
far_host() {
    requires ip
    ns=farpage-test-$$ near=fp$$
    ip netns add $ns 2>/dev/null || { echo "SKIPPED: no network namespaces" >&2; exit 77; }
    cleanup "ip netns del $ns"
    net=198.18.$(($$ % 256)) # of the addresses for tests like these
    ip link add $near type veth peer name far netns $ns
    cleanup "ip link del $near 2>/dev/null"
    ip addr add $net.1/30 dev $near
    ip link set $near up
    ip -n $ns addr add $net.2/30 dev far
    ip -n $ns link set far up
}

# raw_there [ARG...] &: as raw, but on the far host, to $net.1, which the lender listens on, too.
raw_there() {
    far_port=$(sed -n "s/.*listening on $net.1:\([0-9]*\)$/\1/p" "$tmp/lender.log")
    export PYTHONPATH="$FARPAGE_SRCDIR/tests" PYTHONDONTWRITEBYTECODE=1
    exec ip netns exec "$ns" /usr/bin/python3 -c 'import sys
from rawnbd import *
set_port(sys.argv.pop(1), sys.argv.pop(1))
exec(compile(sys.stdin.read(), "test", "exec"))' "$far_port" "$net.1" "$@"
}

# on_tmpfs: an empty directory $state in memory, for --state-dir; or skip.
on_tmpfs() {
    if [ "$(stat -f -c %T /dev/shm)" != tmpfs ] || [ ! -w /dev/shm ]; then
        echo 'SKIPPED: /dev/shm is no tmpfs that one can write to' >&2
        exit 77
    fi
    state=$(mktemp -d /dev/shm/farpage-XXXXXX)
    cleanup "rm -rf $state"
}

lender_listens() {
    [ "$(grep -c 'listening on' "$tmp/lender.log")" -ge "$listens" ] ||
        ! kill -0 "$lender_pid"
}

# end_lender PID: also the one that crashed, leaked or hangs fails the test.
end_lender() {
    if grep -qs "^PPid:[^0-9]*$$\$" "/proc/$1/status"; then
        # Only to one that was stopped by a signal, and in this order: a SIGCONT undoes how LeakSanitizer
        # stops a process that ends, and it waits for ever.
        ! grep -qs '^State:[[:space:]]*T' "/proc/$1/status" || kill -CONT "$1" 2>/dev/null
        kill "$1" 2>/dev/null
    fi
    wait "$1"
    lender_status=$?
    case $lender_status in
    0 | 127 | 137) return 0 ;; # or the script killed it, or waited for it
    esac
    echo "FAILED: the lender ended with status $lender_status" >&2
    tail -40 "$tmp/lender.log" >&2
    status=1
}

# reload LINE...: hand the lender a config of these lines; its words on it are
# in $words.
reload() {
    printf '%s\n' "$@" >"$tmp/lender.conf"
    said=$(wc -l <"$tmp/lender.log")
    kill -HUP "$lender_pid"
    wait_for 10 lender_reloaded
    # shellcheck disable=SC2034 # for the script
    words=$(tail -n +$((said + 1)) "$tmp/lender.log")
}

lender_reloaded() {
    tail -n +$((said + 1)) "$tmp/lender.log" |
        grep -e 'configuration read again' -e 'nothing changed'
}

# built_with LIBRARY: or skip.
built_with() {
    grep -q "^#define HAVE_$1 1" "$FARPAGE_BUILDDIR/config.h" || {
        echo "SKIPPED: built without $1" >&2
        exit 77
    }
}

# manager: a service manager for the lender that comes next; what it is told is in
# $tmp/told, a message a line.
# What it is given to keep is in $tmp/kept, a line "NAME PATH" for each.
manager() {
    export NOTIFY_SOCKET="$tmp/notify"
    # Not by a function: what is killed must be it and not a shell around it.
    /usr/bin/python3 -c 'import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
kept = {}
while True:
    said, fds = socket.recv_fds(s, 4096, 1)[:2]
    said = said.decode()
    field = dict(x.split("=", 1) for x in said.splitlines())
    if "FDSTORE" in field:
        kept[field["FDNAME"]] = fds[0]
    if "FDSTOREREMOVE" in field:
        os.close(kept.pop(field["FDNAME"]))
    with open(sys.argv[2] + ".new", "w") as f:
        for name, fd in kept.items():
            print(name, "/proc/%d/fd/%d" % (os.getpid(), fd), file=f)
    os.rename(sys.argv[2] + ".new", sys.argv[2])
    print(said.replace("\n", " "), flush=True)' "$NOTIFY_SOCKET" "$tmp/kept" >"$tmp/told" &
    cleanup "kill $!"
    wait_for 10 test -S "$NOTIFY_SOCKET"
}
told() { grep -q "^$1\$" "$tmp/told"; }

# borrower [PARAMETER...]: nbdkit with the plugin, or with FARPAGE_FRONT=yes farpage-front; $sock, $borrower_pid, log in
# $tmp/borrower.log.
borrower() {
    sock=$tmp/borrower.sock
    rm -f "$sock" "$tmp/borrower.pid" "$tmp/borrower.log"
    if [ -n "${FARPAGE_FRONT-}" ]; then
        farpage-front --listen "unix:$sock" "$@" 2>"$tmp/borrower.log" &
        borrower_pid=$!
        cleanup "kill -QUIT $borrower_pid 2>/dev/null && wait $borrower_pid"
        wait_for 20 front_is_there
        return
    fi
    "$FARPAGE_BUILDDIR/run" nbdkit -f -P "$tmp/borrower.pid" -U "$sock" farpage "$@" \
        2>"$tmp/borrower.log" &
    borrower_pid=$!
    cleanup "kill $borrower_pid 2>/dev/null && wait $borrower_pid"
    wait_for 20 test -s "$tmp/borrower.pid"
}

# full_socket PATH: somebody listens there, and accepts nobody.
full_socket() {
    /usr/bin/python3 -c 'import socket, sys, time
s, c = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1]), s.listen(0), c.connect(sys.argv[1])
print("full", flush=True)
time.sleep(60)' "$1" >"$tmp/full" &
    cleanup "kill $!"
    wait_for 10 grep -q full "$tmp/full"
}

# small_tmpfs SIZE DIRECTORY: one of that size, in a mount namespace of our own; or skip.
small_tmpfs() {
    mkdir "$2"
    { [ -n "${OWN_MOUNTS-}" ] && mount -t tmpfs -o "size=$1,mode=700" small "$2"; } 2>/dev/null || {
        echo 'SKIPPED: may not mount' >&2
        exit 77
    }
    cleanup "umount $2"
}

# relay: a way to $tmp/lender.sock that can be cut, $tmp/relay.sock.
relay() {
    [ -n "${relay_pid-}" ] || cleanup end_relay
    rm -f "$tmp/relay.sock"
    socat "UNIX-LISTEN:$tmp/relay.sock,fork" "UNIX-CONNECT:$tmp/lender.sock" 2>/dev/null &
    relay_pid=$!
    wait_for 10 test -S "$tmp/relay.sock"
}

end_relay() {
    pkill -P "$relay_pid" || true
    kill "$relay_pid"
    wait "$relay_pid" || true
}

# faults [LINE...]: nbdfault before the lender at $port, which is $lender_port from then on;
# what it did is in $tmp/fault.log.
faults() {
    lender_port=$port FAULT_CONTROL=$tmp/fault.ctl
    export FAULT_CONTROL
    rm -f "$tmp/fault.log" # one that still runs has more to say, and not here
    nbdfault 0 "$lender_port" "$FAULT_CONTROL" "$@" >"$tmp/fault.log" 2>&1 &
    fault_pid=$!
    cleanup "kill $fault_pid; wait $fault_pid 2>/dev/null"
    wait_for 10 grep -q '^listening' "$tmp/fault.log"
    port=$(sed -n 's/^listening on //p' "$tmp/fault.log")
}

# fault LINE: tell it; its answer is in $answer.
fault() {
    answer=$(timeout 100 nbdfault --tell "$FAULT_CONTROL" "$@") || fail "fault $*: $answer"
}

# cut_while PID: cut the relay as long as it runs, and each time when the owner of pool a
# is back; at least three times.
cut_while() {
    while kill -0 "$1" 2>/dev/null; do
        before_cut=$(owner_came)
        end_relay
        relay
        while [ "$(owner_came)" = "$before_cut" ] && kill -0 "$1" 2>/dev/null; do sleep 0.02; done
        sleep 0.05
    done
    [ "$(owner_came)" -ge 3 ] || fail "the connection was never cut: $(owner_came) openings"
}

owner_came() { grep -c 'opens pool a.*as its owner' "$tmp/lender.log"; }

# nbdsh_at URI [ARG...]: python on stdin, with h connected to URI, and page(LETTER), which is one
# that must leave the host: no pattern of 8 bytes makes it up.
nbdsh_at() {
    nbdsh_uri=$1
    shift
    python3_nbd -c 'import nbd, os, sys
def page(letter):
    return letter * 4095 + b"."
h = nbd.NBD()
h.connect_uri(sys.argv[1])
exec(compile(sys.stdin.read(), "test", "exec"))' "$nbdsh_uri" "$@"
}

# Debian's libnbd module belongs to Debian's python.
python3_nbd() { /usr/bin/python3 "$@"; }

# raw [ARG...]: python on stdin, with what rawnbd.py has; it dials $port.
raw() {
    PYTHONPATH=$FARPAGE_SRCDIR/tests PYTHONDONTWRITEBYTECODE=1 \
        python3_nbd -c 'import sys
from rawnbd import *
set_port(sys.argv.pop(1))
exec(compile(sys.stdin.read(), "test", "exec"))' "$port" "$@"
}

# used POOL, used_at PORT POOL: bytes that the lender says it keeps.
used() { used_at "$port" "$1"; }
used_at() { nbdinfo "nbd://127.0.0.1:$1/$2" | sed -n 's/.* used=\([0-9]*\).*/\1/p'; }

# sanitized: is this a build whose own memory says nothing?
sanitized() { grep -q __asan_init "$FARPAGE_BUILDDIR/server/farpaged"; }

# lender_kib: resident shared memory of the lender, in KiB.
lender_kib() { sed -n 's/^RssShmem:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$lender_pid/status"; }

# with_tls: or skip, in a build without it.
with_tls() {
    ! farpaged --check-config --tls-psk /dev/null 2>&1 | grep -q 'without GnuTLS' || {
        echo 'SKIPPED: built without GnuTLS' >&2
        exit 77
    }
}

# authority DIR: one that signs certificates; DIR/ca-cert.pem.
authority() {
    mkdir -p "$1"
    certtool --generate-privkey --key-type=ecdsa --outfile "$1/ca-key.pem" 2>/dev/null
    printf '%s\n' 'cn = "a test"' ca cert_signing_key crl_signing_key 'expiration_days = 2' >"$1/ca.info"
    certtool --generate-self-signed --load-privkey "$1/ca-key.pem" --template "$1/ca.info" \
        --outfile "$1/ca-cert.pem" 2>/dev/null
}

# certificate AUTHORITY DIR server|client NAME: DIR as libnbd and farpaged want it.
certificate() {
    mkdir -p "$2"
    cp "$1/ca-cert.pem" "$2"
    certtool --generate-privkey --key-type=ecdsa --outfile "$2/$3-key.pem" 2>/dev/null
    chmod o= "$2/$3-key.pem"
    printf '%s\n' "cn = \"$4\"" signing_key "tls_www_$3" 'ip_address = 127.0.0.1' 'expiration_days = 2' >"$2/$3.info"
    certtool --generate-certificate --load-ca-certificate "$1/ca-cert.pem" --load-ca-privkey "$1/ca-key.pem" \
        --load-privkey "$2/$3-key.pem" --template "$2/$3.info" --outfile "$2/$3-cert.pem" 2>/dev/null
}

# all_ram: as much as keep-free may be at most, which is never free.
all_ram() {
    farpaged --check-config --keep-free 8000T 2>&1 | sed -n 's/.*has only \([0-9]*\) MiB.*/\1M/p'
}

# lenders N [OPTION...]: N lenders, four at most; $port1, $pid1 and so on.
# shellcheck disable=SC2034 # for the scripts
port1='' port2='' port3='' port4='' pid1='' pid2='' pid3='' pid4=''
lenders() {
    lenders_n=$1 lenders_i=0
    shift
    while [ $((lenders_i += 1)) -le "$lenders_n" ]; do
        lender "$@"
        eval "port$lenders_i=$port pid$lenders_i=$lender_pid"
    done
}

# list LINE...: put a file of these lenders in the place of $tmp/lenders.
list() {
    printf '%s\n' "$@" >"$tmp/lenders.new"
    mv "$tmp/lenders.new" "$tmp/lenders"
}

# warned WORDS: the borrower has told.
front_is_there() { ! kill -0 "$borrower_pid" 2>/dev/null || grep -q ' is there: ' "$tmp/borrower.log"; }
warned() { grep -q "farpage: warning: $1" "$tmp/borrower.log"; }

# load [OPTION...]: read and write on the borrower's device, and verify, until load_was_well.
load() {
    nbdload --mode mixed --read-percent 50 --random --verify --depth 8 --seconds 600 "$@" \
        "unix:$sock" >"$tmp/load.log" 2>&1 &
    load_pid=$!
    cleanup "kill $load_pid 2>/dev/null"
}

# load_was_well: no error, no wrong byte.
load_was_well() {
    kill "$load_pid" 2>/dev/null
    wait "$load_pid" || fail "load: $(cat "$tmp/load.log"); $(cat "$tmp/borrower.log")"
    grep -q IOPS "$tmp/load.log" || fail "no load: $(cat "$tmp/load.log")"
}

# What is a lender to the script may be a face.
# shellcheck source=tests/face.sh
[ -z "${FARPAGE_FACE-}" ] || . "$FARPAGE_SRCDIR/tests/face.sh"
