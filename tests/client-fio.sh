#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# fio's nbd engine: random writes in odd sizes, several jobs and connections,
# all verified.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires fio
fio --enghelp | grep -q '^[[:space:]]*nbd$' || { echo "SKIPPED: fio has no nbd engine" >&2; exit 77; }
lender --threads 2 --lend 64M --pool a=64M
cd "$tmp"
for how in "--bs=4k --iodepth=32" "--bsrange=512-96k --bs_unaligned --iodepth=16" \
    "--bs=2m --iodepth=4"; do
    # shellcheck disable=SC2086 # these are words
    timeout 60 fio --name=verify --ioengine=nbd --uri="nbd://127.0.0.1:$port/a" \
        --rw=randwrite --size=16M --offset_increment=16M --numjobs=4 --group_reporting \
        --verify=crc32c --verify_fatal=1 --verify_dump=0 --do_verify=1 \
        --output="$tmp/out" $how || fail "$how: $(cat "$tmp/out")"
    grep -q 'err= 0' "$tmp/out" || fail "$how: $(cat "$tmp/out")"
    grep -q 'READ:' "$tmp/out" || fail "$how: nothing was verified: $(cat "$tmp/out")"
done
