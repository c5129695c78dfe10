#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# qemu-img creates, converts, compares, checks: through a pool as raw disk, and
# with a qcow2 image in one.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires qemu-img
lender --lend 256M --pool raw=64M --pool qcow=128M
uri=nbd://127.0.0.1:$port
truncate -s 64M "$tmp/in"
dd if=/dev/urandom of="$tmp/in" bs=1M count=11 seek=7 conv=notrunc status=none
qemu-img info "$uri/raw" | grep -q 'virtual size: 64 MiB' || fail "$(qemu-img info "$uri/raw")"
qemu-img convert -n -f raw -O raw "$tmp/in" "$uri/raw"
qemu-img compare -f raw -F raw "$tmp/in" "$uri/raw" || fail "it is not the same in the pool"
qemu-img convert -f raw -O raw "$uri/raw" "$tmp/out"
cmp "$tmp/in" "$tmp/out"
qemu-img create -q -f qcow2 "$uri/qcow" 64M
qemu-img convert -n -f raw -O qcow2 "$uri/raw" "$uri/qcow"
qemu-img check -q -f qcow2 "$uri/qcow"
qemu-img compare -f raw -F qcow2 "$tmp/in" "$uri/qcow" || fail "it is not the same in the image"
dd if=/dev/zero of="$tmp/in" bs=1 count=1 seek=9M conv=notrunc status=none
printf '\377\1' | dd of="$tmp/in" bs=1 seek=9M conv=notrunc status=none
qemu-img compare -q -f raw -F raw "$tmp/in" "$uri/raw" && fail "a difference is not seen"
exit 0
