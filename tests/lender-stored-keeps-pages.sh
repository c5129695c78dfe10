#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A service manager that stores descriptors keeps the pools: the farpaged that it starts
# next has them as they were, also after a SIGKILL; a pool that is removed is given up.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
built_with LIBSYSTEMD
manager
: >"$tmp/kept"
cat >"$tmp/hand-over.py" <<'PY'
import os, sys
with open(sys.argv[1]) as f:
    kept = [line.split() for line in f]
high = [os.dup2(os.open(path, os.O_RDWR), 100 + i) for i, (_, path) in enumerate(kept)]
for i, fd in enumerate(high):
    os.dup2(fd, 3 + i)
    os.close(fd)
if kept:
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(kept)),
                      LISTEN_FDNAMES=":".join(name for name, _ in kept))
os.execv(sys.argv[2], sys.argv[2:])
PY
real=$(command -v farpaged)
mkdir "$tmp/bin"
PATH=$tmp/bin:$PATH
printf '#!/bin/sh\nexec /usr/bin/python3 %s %s %s "$@"\n' "$tmp/hand-over.py" "$tmp/kept" \
    "$real" >"$tmp/bin/farpaged"
chmod +x "$tmp/bin/farpaged"
kept() { [ "$(cut -d' ' -f1 "$tmp/kept" | sort | tr '\n' ' ')" = "$1" ]; }

lender --lend 64M --pool a=16M --pool b=4M,thin
wait_for 10 told 'FDSTORE=1 FDPOLL=0 FDNAME=pool-b'
kept 'pool-a pool-b ' || fail "$(cat "$tmp/kept")"
[ "$(head -2 "$tmp/told" | grep -c FDSTORE)" = 2 ] || fail 'it was ready before its pools were kept'
raw "$tmp/about" <<'PY'
a = Conn("a?claim=me")
a.write(0, b"".join(page(n) for n in range(1000)))
Conn("b").write(PAGE, page(1, 1))
with open(sys.argv[1], "w") as f:
    print(a.name, Conn("a").outlives, Conn("b").outlives, sep="\n", file=f)
PY
for how in TERM KILL; do
    kill -$how "$lender_pid"
    wait "$lender_pid" || [ $how = KILL ] || fail "SIG$how: status $?"
    lender --lend 64M --pool a=16M --pool b=4M,thin
    raw "$tmp/about" <<'PY'
with open(sys.argv[1]) as f:
    name, *abouts = f.read().splitlines()
assert [str(Conn(x).outlives) for x in "ab"] == abouts, abouts
assert refused(name)[0] == POLICY, "who is let in by it is forgotten"
a = Conn("a")
assert a.read(0, 1001 * PAGE) == b"".join(page(n) for n in range(1000)) + bytes(PAGE)
assert Conn("b").read(0, 3 * PAGE) == bytes(PAGE) + page(1, 1) + bytes(PAGE)
PY
done
end_lender "$lender_pid"
refuses() { # WORDS OPTION...
    want=$1
    shift
    timeout 20 farpaged --listen 127.0.0.1:0 --lend 64M "$@" 2>"$tmp/said" && fail "it ended well: $*"
    [ $? = 1 ] || fail "\"$want\": another status"
    tail -1 "$tmp/said" | grep -q "error: .*$want" || fail "\"$want\": $(cat "$tmp/said")"
    kept 'pool-a pool-b ' || fail "$(cat "$tmp/kept")"
}
refuses "descriptor pool-b: it holds 4 KiB of pages and is not configured; configure it, or remove it and its pages with drop-pool = b" \
    --pool a=16M
refuses 'pool-a: it has 16 MiB, and cannot shrink' --pool a=4M --pool b=4M,thin
refuses 'the service manager already keeps pools; leave state-dir out' --pool a=16M --state-dir "$tmp/dir"
printf '%s\n' 'listen = 127.0.0.1:0' 'lend = 64M' 'pool = a=16M' 'pool = b=4M,thin' >"$tmp/lender.conf"
lender --config "$tmp/lender.conf"
reload "$(sed '/pool = a/d' "$tmp/lender.conf")" 'drop-pool = a'
wait_for 10 kept 'pool-b '
reload "$(sed '/drop-pool/d' "$tmp/lender.conf")" 'pool = a=16M'
wait_for 10 kept 'pool-a pool-b '
[ "$(used a)/$(used b)" = 0/4096 ] || fail "$(used a)/$(used b)"
