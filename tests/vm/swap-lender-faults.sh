#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A guest swaps onto three lenders, two copies of each page, with no other swap. One lender is killed and
# started anew, one stands still for 5 s, one cannot be reached, and the guest's clock jumps: no process
# dies, no page is wrong, nothing waits longer than 20 s, and all copies come back each time. When the
# borrower is killed at last, its successor is not taken for it. [KERNELS=6.12]
. "$FARPAGE_SRCDIR/tests/vm/boot.sh"
. "$FARPAGE_SRCDIR/tests/vm/lenders.sh"

for KERNEL in ${KERNELS-6.12}; do
    three_lenders
    guest <<'EOT' || { cat "$dir/console"; fail "kernel $KERNEL"; }
# Encryption is slow where a processor is emulated.
serve_three() { # every word of $lenders is one
    # shellcheck disable=SC2086
    serve farpage realtime="$realtime" copies=2 seal=check size=256M pool=host $(printf 'lender=%s ' $lenders) 2>>/run/told
}
writes() { awk '{ print $5 }' /sys/block/nbd0/stat; }
more_writes() { [ "$(writes)" -gt "$1" ]; }
complete() { grep -c 'all copies are complete again' /run/told; }
complete_again() { [ "$(complete)" -gt "$1" ]; }

prepare_host
serve_three
attach_unix
swap_farpage
swapcheck --size 144M --passes fbF --hang 60 --on-hang 9mtb & check=$!
set -- killed stopped cut_off
for l in $lenders; do
    wait_for 300 'pages to be out' more_writes $(($(writes) + 100))
    before=$(complete)
    [ "$(host happen "$1" "$l")" = happened ] || fail "$1 did not happen"
    wait_for 120 "all copies after $1" complete_again "$before"
    kill -0 $check || fail 'too late: swapcheck has ended'
    say "ok: $1: $(grep 'complete again' /run/told | tail -n 1), with $(swap_used_kib /dev/nbd0) KiB out"
    shift
    date -s '2031-01-01 00:00' >/dev/null
    sleep 1
    date -s '2001-01-01 00:00' >/dev/null
done
wait $check || { cat /run/told; fail swapcheck; }

# The kernel of a borrower that is gone has errors, and no zeros.
swapoff /dev/nbd0
kill -KILL $nbdkit_pid
rm /run/nbd.sock
serve_three
! dd if=/dev/nbd0 of=/dev/null bs=4096 count=1 iflag=direct 2>/dev/null || fail 'it read from another'
EOT
    stall=$(result stall_ms)
    [ "$stall" -le 20000 ] || { cat "$dir/console"; fail "a stall of $stall ms"; }
    sed -n "s/^guest: ok: /$KERNEL: /p; s/^swapcheck: good/$KERNEL: good/p" "$dir/console"
done
