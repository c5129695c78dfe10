#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What farpage-front cannot have, it says in one sentence, with the way out; it ends with status 1 and leaves nothing
# behind. What a kernel must refuse is in vm/face-ublk.sh.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires prlimit setpriv
mkdir "$tmp/d"
lender --lend 64M --pool a=16M --pool huge=16T,thin
# Without what only a warning is: who may not have it is told so, too.
plain='swap=no'
bad() { # WORDS COMMAND...
    words=$1 status=0
    shift
    # shellcheck disable=SC2086
    "$@" $plain >"$tmp/out" 2>"$tmp/said" || status=$?
    [ $status = 1 ] || fail "$*: status $status: $(cat "$tmp/said")"
    grep -v 'listening on' "$tmp/said" >"$tmp/err" || :
    grep -qF -- "$words" "$tmp/err" || fail "$*: no \"$words\" in: $(cat "$tmp/err")"
    grep -q '^farpage-front: error: ' "$tmp/err" || fail "$*: $(cat "$tmp/err")"
    [ "$(wc -l <"$tmp/err")" = 1 ] || fail "$*: more than a line: $(cat "$tmp/err")"
    [ ! -s "$tmp/out" ] || fail "$*: it prints $(cat "$tmp/out")"
    [ -z "$(ls -A "$tmp/d")" ] || fail "$*: it left $(ls -A "$tmp/d")"
}
front() { # WORDS OPTION...
    words=$1
    shift
    bad "$words" farpage-front --listen "unix:$tmp/d/sock" "$@"
}
without() { # CAPABILITIES COMMAND...: as root, who may not do all.
    cap=$1
    shift
    setpriv --bounding-set "$cap" --inh-caps "$cap" "$@"
}

# Where it is to listen.
echo keep me >"$tmp/file"
front 'Address already in use; that is no socket: remove it' --listen "unix:$tmp/file" size=4M
[ "$(cat "$tmp/file")" = 'keep me' ] || fail 'a file was removed'
front 'Address already in use; does another process listen there? Choose' --listen "127.0.0.1:$port" size=4M
front 'Address already in use; does another process listen there? Choose' --listen "unix:$tmp/d/sock" size=4M
front 'No such file or directory' --listen "unix:$tmp/none/sock" size=4M
front 'other hosts can reach this address' --listen 0.0.0.0:0 size=4M
for address in 127.0.0.1 127.0.0.1:x 127.0.0.1:65536 unix: ::1:10809 ''; do
    front "--listen $address: write ADDR:PORT, [ADDR6]:PORT or unix:PATH: " --listen "$address" size=4M
done
# What is written wrong.
front '--face ubk: write auto, ublk or nbd' --face ubk size=4M
front 'unknown parameter '"'sise'" sise=4M
front 'multiple of 4096 bytes' size=4Q
front "cannot read $tmp/none: No such file" --config "$tmp/none"
front 'Is a directory' --config "$tmp/d"
front 'it is not a regular file' --config /dev/zero
for line in 'sise = 4M' 'listen = unix:/x' 'size 4M' 'size = 4Q'; do
    echo "$line" >"$tmp/conf"
    front "$tmp/conf:1: " --config "$tmp/conf"
done
front 'No such file' --tls-psk "$tmp/none" size=4M
front "stats=$tmp/file: cannot listen there: Address already in use" size=4M stats="$tmp/file"
# Whom it is to ask.
front 'cannot open the pool of lender 127.0.0.1:1: connect: Connection refused' lender=127.0.0.1:1
front 'cannot resolve' lender=no-such-host.invalid
front 'there is no pool nosuch' "lender=127.0.0.1:$port" pool=nosuch
# What a process may have.
for n in 4 6 8 10 12 14 20 40 100 255; do
    prlimit --nofile=$n:$n true 2>/dev/null || continue # too few to be a program
    bad "this process may have only $n descriptors, and needs 256: raise ulimit -n" \
        prlimit --nofile=$n:$n farpage-front --listen "unix:$tmp/d/sock" size=4M
done
if ! sanitized; then
    bad 'KiB of buffers: Cannot allocate memory: raise the limit of locked memory' \
        without -ipc_lock prlimit --memlock=65536:65536 farpage-front --listen "unix:$tmp/d/sock" size=4M
    bad 'for records, and' prlimit --as=4000000000 farpage-front --listen "unix:$tmp/d/sock" "lender=127.0.0.1:$port" pool=huge
fi
# The kernel's own way, where io_uring may not be used. No lender is asked.
before=$(grep -c opens "$tmp/lender.log" || :)
cat >"$tmp/no_rings" <<'PY'
#!/usr/bin/python3
import ctypes, os, struct, sys
code = ((0x20, 0, 0, 0), (0x15, 0, 1, 425), (6, 0, 0, 0x50001), (6, 0, 0, 0x7fff0000)) # io_uring_setup: EPERM
rules = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *x) for x in code))
program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code), ctypes.addressof(rules)))
c = ctypes.CDLL(None, use_errno=True)
assert c.prctl(38, 1, 0, 0, 0) == 0 and c.prctl(22, 2, program, 0, 0) == 0
os.execvp(sys.argv[1], sys.argv[1:])
PY
chmod +x "$tmp/no_rings"
why='a filter of system calls forbids it'
grep -q '^#define HAVE_LIBURING 1' "$FARPAGE_BUILDDIR/config.h" || why='built without liburing'
bad "$why" "$tmp/no_rings" farpage-front size=4M
bad "$why" "$tmp/no_rings" farpage-front --face ublk "lender=127.0.0.1:$port"
bad "$why" "$tmp/no_rings" farpage-front --face auto "lender=127.0.0.1:$port"
grep -q -- '--face nbd there is no --listen' "$tmp/err" || fail "$(cat "$tmp/err")"
[ "$(grep -c opens "$tmp/lender.log" || :)" = "$before" ] || fail 'a lender was asked'
bad '--listen and TLS for clients are of --face nbd' farpage-front --face ublk --listen "unix:$tmp/d/sock" size=4M
# With --face auto it is an NBD server instead, and says why.
"$tmp/no_rings" farpage-front --face auto --listen "unix:$tmp/d/sock" size=4M $plain 2>"$tmp/said" &
front=$!
cleanup "kill -QUIT $front 2>/dev/null"
wait_for 20 grep -q "sock is there: 4 MiB" "$tmp/said"
grep -q "farpage-front: the face is nbd: ublk: .*$why" "$tmp/said" || fail "$(cat "$tmp/said")"
kill $front
wait $front || fail "it ended with $?"
[ -z "$(ls -A "$tmp/d")" ] || fail "it left $(ls -A "$tmp/d")"
