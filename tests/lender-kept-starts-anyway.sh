#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A lender that finds pools of the last one starts, however little memory is free, and also where others have
# filled its tmpfs since. tests/vm/lender-out-of-memory.sh has what is refused elsewhere.
[ -n "${OWN_MOUNTS-}" ] || ! unshare -m true 2>/dev/null || OWN_MOUNTS=yes exec unshare -m "$0" "$@"
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
on_tmpfs
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
