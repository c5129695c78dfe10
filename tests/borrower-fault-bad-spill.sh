#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# All lenders are gone, and the spill fails: it has no room, is cut short, or holds other bytes than
# were written. EIO, in time, and never a wrong byte; and it may recover.
own_mounts=yes
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/faults.sh"
disk 100
fallocate -l 80M "$tmp/disk/spill"
farm spill="$tmp/disk/spill"
spoil() { # KIND
    case $1 in
    full) fallocate --punch-hole -o 4096 -l 80M "$tmp/disk/spill"
        ! dd if=/dev/zero of="$tmp/disk/rest" bs=1M 2>/dev/null ;;
    short) truncate -s 4097 "$tmp/disk/spill" ;;
    torn) for n in $(seq 0 50); do # halves of pages
            dd if=/dev/urandom of="$tmp/disk/spill" bs=2048 count=1 seek=$((1 + n * 150)) conv=notrunc 2>/dev/null
        done ;;
    esac
}
mend() { rm -f "$tmp/disk/rest" && fallocate -l 80M "$tmp/disk/spill"; }
# tries NEW OLD: how often pages of the one could not be put, or of the other not be read.
tries() {
    nbdsh_at "nbd+unix:///?socket=$sock" "$span" "$@" <"$FARPAGE_SRCDIR/tests/borrower-tries.py"
}
for _ in $(seq "$repeat"); do
    for kind in full short torn; do
        all_at refuse
        all_at drop
        [ "$(tries 1 0)" = 0 ] || fail 'the spill did not take what it has room for'
        spoil $kind
        errors=$(tries 2 1)
        [ "$errors" -gt 0 ] || fail "nothing was wrong with a spill that is $kind"
        mend
        all_at calm
        wait_for 10 all_connected
        within 20 "the spill was $kind, $errors errors: two copies" whole
        [ "$(tries 3 0)" = 0 ] || fail 'what could not be put then cannot be put now'
    done
done
verdict $((2 * deadline + 1000)) errors
load
verdict 1000
redundant
