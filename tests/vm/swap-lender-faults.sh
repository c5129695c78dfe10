#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A guest swaps onto three lenders, two copies of each page, with no other swap. One lender is killed and
# started anew, one stands still for 5 s, one cannot be reached, and the guest's clock jumps: no process
# dies, no page is wrong, nothing waits longer than 20 s, and all copies come back each time. When the
# borrower is killed at last, its successor is not taken for it. [KERNELS=6.12] [BORROWERS="plugin front"]
. "$FARPAGE_SRCDIR/tests/vm/boot.sh"
. "$FARPAGE_SRCDIR/tests/vm/lenders.sh"
given="$given|borrower"

one_boot() {
    passes=fbF
    [ "$borrower" != front ] || passes=fbFbFbF # it is faster
    some_lenders 3
    [ "$borrower" != front ] || take_ublk || { echo "kernel $KERNEL has no ublk"; return; }
    guest <<'EOT' || { cat "$dir/console"; fail "kernel $KERNEL, $borrower"; }
# Encryption is slow where a processor is emulated.
serve_three() { # every word of $lenders is one
    # shellcheck disable=SC2046,SC2086
    set -- realtime="$realtime" copies=2 seal=check size=256M pool=host $(printf 'lender=%s ' $lenders)
    case $borrower in
        plugin) serve farpage "$@" 2>>/run/told ;;
        front) serve_front "$@" 2>>/run/told ;;
    esac
}
writes() { awk '{ print $5 }' "/sys/block/${device#/dev/}/stat"; }
more_writes() { [ "$(writes)" -gt "$1" ]; }
complete() { grep -c 'all copies are complete again' /run/told; }
complete_again() { [ "$(complete)" -gt "$1" ]; }

prepare_host
serve_three
[ $borrower = front ] || attach_unix
swap_farpage
swapcheck --size 144M --passes "$passes" --hang 60 --on-hang 9mtb & check=$!
set -- killed stopped cut_off
for l in $lenders; do
    wait_for 300 'pages to be out' more_writes $(($(writes) + 100))
    before=$(complete)
    [ "$(host happen "$1" "$l")" = happened ] || fail "$1 did not happen"
    wait_for 120 "all copies after $1" complete_again "$before"
    kill -0 $check || fail 'too late: swapcheck has ended'
    say "ok: $1: $(grep 'complete again' /run/told | tail -n 1), with $(swap_used_kib $device) KiB out"
    shift
    date -s '2031-01-01 00:00' >/dev/null
    sleep 1
    date -s '2001-01-01 00:00' >/dev/null
done
wait $check || { cat /run/told; fail swapcheck; }

if [ $borrower = front ]; then
    kill $nbdkit_pid
    wait_for 10 'the refusal to end' grep -q "not ending: $device is in use" /run/told
    swapoff $device || fail swapoff
    kill $nbdkit_pid
    wait $nbdkit_pid || fail "farpage-front: $(cat /run/told)"
    finish 0
fi

# The kernel of a borrower that is gone has errors, and no zeros.
swapoff /dev/nbd0
kill -KILL $nbdkit_pid
rm /run/nbd.sock
serve_three
! dd if=/dev/nbd0 of=/dev/null bs=4096 count=1 iflag=direct 2>/dev/null || fail 'it read from another'
EOT
    stall=$(result stall_ms)
    [ "$stall" -le 20000 ] || { cat "$dir/console"; fail "a stall of $stall ms"; }
    sed -n "s/^guest: ok: /$KERNEL, $borrower: /p; s/^swapcheck: good/$KERNEL, $borrower: good/p" "$dir/console"
}

for KERNEL in ${KERNELS-6.12}; do
    for borrower in ${BORROWERS-plugin front}; do one_boot; done
done
