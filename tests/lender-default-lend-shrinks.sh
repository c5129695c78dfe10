#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What is lent by default is half of what is free. When less is free the next time, as it is because
# of the very pages that were kept, it starts all the same, and all pages are there.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
if [ -z "${FARPAGE_OWN_MOUNTS-}" ]; then
    unshare -m true 2>/dev/null || { echo 'SKIPPED: no mount namespaces' >&2; exit 77; }
    FARPAGE_OWN_MOUNTS=1 exec unshare -m "$0"
fi
on_tmpfs
cp /proc/meminfo "$tmp/here"
cp /proc/meminfo "$tmp/meminfo"
mount --bind "$tmp/meminfo" /proc/meminfo || { echo 'SKIPPED: /proc/meminfo is not ours' >&2; exit 77; }
available() { sed "s/^MemAvailable:.*/MemAvailable:   $(($1 << 10)) kB/" "$tmp/here" >"$tmp/meminfo.new" && cat "$tmp/meminfo.new" >"$tmp/meminfo"; }
again() { # MIB WORDS OPTION...: it is killed, and the next one finds so much free
    kill -KILL "$lender_pid"
    wait "$lender_pid" || true
    available "$1"
    words=$2
    shift 2
    lender --keep-free 0 --state-dir "$dir" "$@"
    grep -q "$words" "$tmp/lender.log" || fail "$(cat "$tmp/lender.log")"
    raw <<'PY' || fail "with $*"
for name in (n.decode() for k, d in Conn().option(LIST) if k == SERVER for n in [d[4:]]):
    c = Conn(name + "?claim=me")
    if name != "rev":
        assert c.read(0, 64 * PAGE) == b"".join(page(n) for n in range(64)), name
PY
}
begin() { # OPTION...
    available 512
    lender --keep-free 0 --state-dir "$dir" "$@"
    raw <<'PY'
for name in (n.decode() for k, d in Conn().option(LIST) if k == SERVER for n in [d[4:]]):
    Conn(name + "?claim=me").write(0, b"".join(page(n) for n in range(64)))
PY
}
dir=$state/default
begin
grep -q 'pool default: 256M' "$tmp/lender.log" || fail "$(cat "$tmp/lender.log")"
again 384 'pool default: 256M, kept pages: 256K'
again 8 'pool default: 256M, kept pages: 256K'
again 600 'pool default: 300M, kept pages: 256K' # it may grow
again 100 'pool default: 300M, kept pages: 256K'
kill -KILL "$lender_pid"
dir=$state/pools
begin --pool a=128M --pool thin=512M,thin --pool rev=64M,revocable
again 200 'pool a: 128M, kept pages: 256K' --pool a=128M --pool thin=512M,thin --pool rev=64M,revocable
again 1 'pool thin: 512M, thin, kept pages: 256K' --pool a=128M --pool thin=512M,thin --pool rev=64M,revocable
# A reload sees it the same way.
printf '%s\n' 'listen = 127.0.0.1:0' 'keep-free = 0' "state-dir = $dir" 'pool = a=128M' 'pool = thin=512M,thin' \
    'pool = rev=64M,revocable' >"$tmp/lender.conf"
kill -KILL "$lender_pid"
wait "$lender_pid" || true
lender --config "$tmp/lender.conf"
reload "$(sed 's/rev=64M,revocable/&,iops=5000/' "$tmp/lender.conf")"
case $words in *'read again'*) ;; *) fail "$words" ;; esac
kill -KILL "$lender_pid"
# Where nothing was left, what does not fit is refused as ever.
! timeout 20 farpaged --listen 127.0.0.1:0 --state-dir "$state/new" --pool a=256M 2>"$tmp/said" ||
    fail 'more than half of what is free'
grep -q 'the pools reserve 256M, but only 512K is lent' "$tmp/said" || fail "$(cat "$tmp/said")"
