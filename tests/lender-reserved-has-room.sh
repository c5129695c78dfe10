#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A pool that is not thin is refused when this host has no memory for all of it, at the start and on a reload;
# but a lender that finds pools of the last one starts, however little is free, and also where others have
# filled its tmpfs since.
[ -n "${OWN_MOUNTS-}" ] || ! unshare -m true 2>/dev/null || OWN_MOUNTS=yes exec unshare -m "$0" "$@"
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
on_tmpfs
much=$(($(awk '/^MemTotal/ { print $2 }' /proc/meminfo) / 1024))
refused() { # WORDS OPTION...
    want=$1
    shift
    timeout 20 farpaged --listen 127.0.0.1:0 "$@" 2>"$tmp/said" && fail "it ended well: $*"
    grep -q "error: $want" "$tmp/said" || fail "no \"$want\": $(cat "$tmp/said")"
}
refused 'pool a: this host has no memory for it beside keep-free.*smaller or thin, or lower keep-free' \
    --keep-free 64M --lend ${much}M --pool a=${much}M
refused 'pool b: this host has no memory' --keep-free 64M --lend ${much}M --pool a=4M --pool b=$((much - 4))M
refused 'pool a: this host has no memory' --keep-free "$(all_ram)" --lend 64M --pool a=4K --state-dir "$state/p"
lender --keep-free 64M --lend ${much}M --pool a=${much}M,thin
lender --keep-free 0 --lend ${much}M --pool a=${much}M # then it does not matter
common="listen = 127.0.0.1:0
lend = ${much}M
pool = a=8M"
printf '%s\n' "$common" 'keep-free = 64M' >"$tmp/lender.conf"
lender --config "$tmp/lender.conf"
reload "$common" 'keep-free = 64M' "pool = new=$((much - 8))M"
echo "$words" | grep -q 'nothing changed: pool new: this host has no memory' || fail "$words"
reload "$common" 'keep-free = 64M' 'pool = new=8M'
echo "$words" | grep -q 'read again' || fail "$words"

lender --keep-free 64M --lend 64M --pool a=4M --state-dir "$state/p"
raw <<'PY'
Conn("a?claim=me").write(0, page(1) + page(2))
PY
end_lender "$lender_pid"
lender --keep-free "$(all_ram)" --lend 64M --pool a=8M --pool lose=4M,revocable --state-dir "$state/p"
[ "$(used a)" = 8192 ] || fail "$(cat "$tmp/lender.log")"
end_lender "$lender_pid"

mkdir "$tmp/full"
{ [ -n "${OWN_MOUNTS-}" ] && mount -t tmpfs -o size=32M,mode=700 full "$tmp/full"; } 2>/dev/null || exit 0
cleanup "umount $tmp/full"
lender --keep-free 0 --lend 16M --pool a=16M --state-dir "$tmp/full/p"
raw <<'PY'
Conn("a?claim=me").write(0, page(1) + page(2))
PY
end_lender "$lender_pid"
cat /dev/zero >"$tmp/full/others" 2>/dev/null || true
lender --keep-free 0 --lend 16M --pool a=16M --state-dir "$tmp/full/p"
raw <<'PY'
c = Conn("a")
assert c.read(0, 3 * PAGE) == page(1) + page(2) + bytes(PAGE)
assert c.error(WRITE, 2 * PAGE, PAGE, 0, page(3)) == ENOSPC
PY
