#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# qemu-io with patterns: writes, reads, discards and zeros at odd places, many
# at once.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires qemu-io
lender --threads 2 --lend 64M --pool a=64M
io() {
    qemu-io -f raw "$@" "nbd://127.0.0.1:$port/a" >"$tmp/out" 2>&1 || fail "$*: $(cat "$tmp/out")"
    ! grep -qi -e fail -e error "$tmp/out" || fail "$*: $(cat "$tmp/out")"
}
io -c 'write -P 0x11 0 64M' -c 'read -P 0x11 0 64M'
io -c 'write -P 0x22 4095 2' -c 'write -P 0x33 1M 1M' -c 'flush'
io -c 'read -P 0x11 0 4095' -c 'read -P 0x22 4095 2' -c 'read -P 0x11 4097 1044479' \
    -c 'read -P 0x33 1M 1M' -c 'read -P 0x11 2M 62M'
io -d unmap -c 'discard 8M 8M' -c 'write -z -u 20M 4M' -c 'write -z 30M 3M' -c 'write -z 40000001 9999'
io -c 'read -P 0 8M 8M' -c 'read -P 0 20M 4M' -c 'read -P 0 30M 3M' -c 'read -P 0 40000001 9999' \
    -c 'read -P 0x11 40000000 1' -c 'read -P 0x11 40010000 1' -c 'read -P 0x11 16M 4M'
set --
for i in $(seq 1 200); do
    set -- "$@" -c "aio_write -q -P $i $((i * 123457)) 65537"
done
io "$@" -c aio_flush
i=0
set --
while [ $i -lt 200 ]; do
    i=$((i + 1))
    set -- "$@" -c "aio_read -q -P $i $((i * 123457)) 65537"
done
io "$@" -c aio_flush
qemu-io -f raw -c 'read -P 0x44 1M 1M' "nbd://127.0.0.1:$port/a" 2>&1 | grep -qi 'pattern verification failed' ||
    fail "a wrong pattern is not seen"
