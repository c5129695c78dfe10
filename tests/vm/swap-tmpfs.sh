#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A tmpfs of twice the RAM, filled with files, holds them all: every page and its hash are right.
# [KERNELS=6.12]
. "$FARPAGE_SRCDIR/tests/vm/boot.sh"

for KERNEL in ${KERNELS-6.12}; do
    wire direct 1G
    guest <<'EOT' || { cat "$dir/console"; fail "kernel $KERNEL"; }
attach
swap_disk
swap_farpage
mkdir /tmp/files
mount -t tmpfs -o size=300M files /tmp/files
swapcheck --size 256M --files /tmp/files --passes fF --hang 60 --on-hang 9mtb || fail swapcheck
[ "$(swap_used_kib /dev/nbd0)" -gt 150000 ] || fail 'the files are not on Farpage'
[ "$(swap_used_kib /dev/vdb)" = 0 ] || fail 'the disk was used while Farpage had room'
EOT
    sed -n "s/^swapcheck: good/$KERNEL:/p" "$dir/console"
done
