# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# For tests/units-swap-*.sh: . it instead of lib.sh. A host for farpage-swap, made up in a mount namespace of the
# script's own: it has /dev/nbd0 and nbd1, which nobody else sees, and programs that only note what
# they are asked for, in $calls.
if [ -z "${FARPAGE_HOST-}" ]; then
    if [ "$(id -u)" != 0 ] || ! unshare -m mount -t tmpfs none /mnt 2>/dev/null; then
        echo 'SKIPPED: cannot have a mount namespace' >&2
        exit 77
    fi
    # One at a time: who holds /dev/nbd0 open, in whatever namespace, is found out by its name.
    FARPAGE_HOST=1 exec flock -o "${TMPDIR:-/tmp}/farpage-test-host.lock" unshare -m "$0" "$@"
fi
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
swap=$FARPAGE_SRCDIR/units/farpage-swap calls=$tmp/calls

# kernel FILE VALUE: below /proc/sys
kernel() { mkdir -p "$tmp/kernel/${1%/*}" && echo "$2" >"$tmp/kernel/$1"; }
# fake NAME COMMAND: a program that notes how it was called, and runs COMMAND then
fake() {
    printf '#!/bin/sh\necho "%s $*" >>%s\n%s\n' "$1" "$calls" "${2-}" >"$tmp/bin/$1"
    chmod +x "$tmp/bin/$1"
}

mkdir "$tmp/bin" "$tmp/dev"
cp -a /dev/null "$tmp/dev"
mknod "$tmp/dev/nbd0" b 43 0
mknod "$tmp/dev/nbd1" b 43 16
mount --bind "$tmp/dev" /dev
mount -t tmpfs none /run
mount -t tmpfs none /sys
mkdir -p /run/systemd/system /sys/module/nbd /sys/block/nbd0/queue /sys/block/nbd1/queue
kernel net/ipv4/tcp_wmem '4096 16384 4194304'
kernel net/ipv4/tcp_retries2 255
kernel vm/min_free_kbytes 8192
kernel vm/watermark_boost_factor 15000
kernel vm/page-cluster 3
kernel kernel/random/uuid 11111111-2222-3333-4444-555555555555
echo Filename >"$tmp/swaps"
mount --bind "$tmp/swaps" /proc/swaps
mount --bind "$tmp/kernel" /proc/sys

# shellcheck disable=SC2016
fake nbd-client 'case $1 in
-d) rm "/sys/block/${2#/dev/}/pid" ;;
*) for device; do case $device in /dev/nbd*) echo $$ >"/sys/block/${device#/dev/}/pid" ;; esac; done ;;
esac'
fake mkswap
fake blkdiscard
# shellcheck disable=SC2016
fake swapon 'for device; do :; done; echo "$device partition 1 0 1" >>/proc/swaps'
# shellcheck disable=SC2016
fake swapoff 'echo Filename >/proc/swaps'
fake udevadm

# farpage_swap attach|detach NAME [NAME=VALUE...]: its words are in $words, its status is its own
farpage_swap() {
    what=$1 of=$2
    shift 2
    swap_status=0
    env PATH="$tmp/bin:$PATH" "$@" "$swap" "$what" "$of" >"$tmp/words" 2>&1 || swap_status=$?
    # shellcheck disable=SC2034 # for the script
    words=$(cat "$tmp/words")
    return $swap_status
}
