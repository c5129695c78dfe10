#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nbdcopy of a sparse file puts the data and nothing else, over old data as
# well: holes are flushed or zeros, in either case read as zeros.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdcopy nbdinfo
lender --lend 1G --pool a=512M
truncate -s 512M "$tmp/in"
for at in 0 3 100 1001 4097 131071; do
    dd if=/dev/urandom of="$tmp/in" bs=4k count=1 seek=$at conv=notrunc status=none
done
nbdcopy "$tmp/in" "nbd://127.0.0.1:$port/a"
kib=$(lender_kib)
[ "$kib" -lt 4096 ] || fail "6 pages cost $kib KiB"
nbdcopy --sparse=4096 "nbd://127.0.0.1:$port/a" "$tmp/out"
cmp "$tmp/in" "$tmp/out"
[ "$(du -k "$tmp/out" | cut -f1)" -lt 4096 ] || fail "the copy is not sparse"
# Over other pages, which must be gone.
nbdsh_at "nbd://127.0.0.1:$port/a" <<'PY'
for at in range(0, 512 << 20, 32 << 20):
    h.pwrite(b"x" * (8 << 20), at)
PY
nbdcopy "$tmp/in" "nbd://127.0.0.1:$port/a"
nbdcopy "nbd://127.0.0.1:$port/a" - | cmp - "$tmp/in"
