#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Writes of 4 MiB, many at a time through few threads, never get stuck between
# two replies: the link is not timed out and claimed anew once.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit fio
lender --lend 256M --pool a=256M
borrower "lender=127.0.0.1:$port" link-timeout=2000 deadline=20000 -t 4
fio --name=large --ioengine=nbd --uri="nbd+unix:///?socket=$sock" --rw=randwrite --bs=4M \
    --iodepth=16 --size=256M --io_size=1G --verify=crc32c --do_verify=0 --output="$tmp/fio" ||
    fail "$(cat "$tmp/fio")"
opened=$(grep -c 'opens pool a.*as its owner' "$tmp/lender.log")
[ "$opened" = 1 ] || fail "the link was opened $opened times"
