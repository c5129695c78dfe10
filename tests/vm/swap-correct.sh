#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Every page of a working set of three times the RAM comes back right, forward, backward and in
# random order (a sample: a random page is two requests, and slow; with FULL=yes every page, twice);
# the disk behind Farpage stays unused; freed pages, and swapoff with blkdiscard, give the lender its
# memory back. In each wiring; but those that zero-memory.sh fills anyway are filled here only with
# FULL=yes. [WIRINGS="direct plugin gateway"] [KERNELS=6.12] [FULL=yes]
. "$FARPAGE_SRCDIR/tests/vm/boot.sh"

one_boot() {
    case $w/${FULL-} in
        */yes) passes=fbrR sample=1 ;;
        direct/) passes=fbR sample=16 ;;
        *) passes='' ;;
    esac
    wire "$w" 1G
    guest <<'EOT' || { cat "$dir/console"; fail "$w, kernel $KERNEL"; }
attach
swap_disk
before=$(host lender_used_kib)
swap_farpage
lender_below() { [ "$(host lender_used_kib)" -lt "$1" ]; }

if [ -n "$passes" ]; then
    swapcheck --size 400M --passes "$passes" --sample "$sample" --hang 60 --on-hang 9mtb || fail swapcheck
    held=$(($(host lender_used_max_kib) - before))
    [ "$held" -gt 250000 ] || fail "the lender never held more than $held KiB"
    # The kernel discards clusters of 2 MiB, and only those in which no page is in use any more.
    wait_for 60 'freed pages to leave the lender' lender_below $((before + held / 3))
fi
swapcheck --size 112M --passes f.F --gate /run/gate --hang 60 --on-hang 9mtb & check=$!
wait_for 400 'the gate' test -e /run/gate.reached
[ "$(swap_used_kib /dev/nbd0)" -gt 15000 ] || fail 'nothing left to swap off'
[ "$(host lender_used_kib)" -gt $((before + 15000)) ] || fail 'the pages are not with the lender'
[ "$(swap_used_kib /dev/vdb)" = 0 ] || fail 'the disk was used while Farpage had room'
sysctl -q vm.page-cluster=5 # swapoff reads page by page, and this many ahead
begin=$(cut -d. -f1 /proc/uptime)
swapoff /dev/nbd0 || fail swapoff
say "swapoff took $(($(cut -d. -f1 /proc/uptime) - begin)) s"
blkdiscard -f /dev/nbd0 || fail blkdiscard # the kernel does not discard what it swaps off
wait_for 20 'the memory to return to the lender' lender_below $((before + 4000))
touch /run/gate
wait $check || fail 'after swapoff'
say "the lender had $before KiB at first, $(host lender_used_max_kib) at most, $(host lender_used_kib) in the end"
EOT
    sed -n "s/^swapcheck: good/$w $KERNEL:/p; s/^guest: \(the lender\|swapoff\)/$w $KERNEL: \1/p" "$dir/console"
}

for KERNEL in ${KERNELS-6.12}; do
    for w in ${WIRINGS-direct plugin gateway}; do one_boot; done
done
