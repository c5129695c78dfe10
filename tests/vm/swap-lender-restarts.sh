#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A lender that keeps its pools is upgraded, and is killed, while a guest swaps onto it with no other
# swap: no process dies, no page is wrong, nothing waits longer than 20 s. The plugin connects again;
# a kernel that is attached directly is given a new connection, by a process that may itself want
# memory then: that is tried with FULL=yes, as plugin-tls is. [WIRINGS=plugin] [KERNELS=6.12] [FULL=yes]
LENDER=kept
. "$FARPAGE_SRCDIR/tests/vm/boot.sh"

one_boot() {
    wire "$w" 1G
    guest <<'EOT' || { cat "$dir/console"; fail "$w, kernel $KERNEL"; }
requests() { awk -v field="$1" '{ print $field }' /sys/block/nbd0/stat; } # 1: reads, 5: writes
more() { [ "$(requests "$1")" -gt "$2" ]; }
attach
if [ "$wiring" = direct ]; then
    # After so long the kernel looks whether a request waits on a connection that was replaced.
    echo 1000 >/sys/block/nbd0/queue/io_timeout
    nbdagain 0 "$lender" "$lender_port" 'host?claim=guest' >/run/again &
    wait_for 20 nbdagain grep -q ready /run/again
fi
swap_farpage
swapcheck --size 192M --passes fbF --hang 60 --on-hang 9mtb & check=$!
for when in TERM/writes/5 KILL/writes/5 TERM/reads/1 KILL/reads/1; do
    how=${when%%/*} field=${when##*/}
    wait_for 300 "$when" more "$field" $(($(requests "$field") + 100))
    [ "$(host restart_lender "$how")" = back ] || fail "nobody opened the pool again after $when"
    kill -0 $check || fail 'too late: swapcheck has ended'
    say "ok: SIG$when, with $(swap_used_kib /dev/nbd0) KiB out"
done
wait $check || fail swapcheck
EOT
    stall=$(result stall_ms)
    [ "$stall" -le 20000 ] || { cat "$dir/console"; fail "a stall of $stall ms"; }
    sed -n "s/^guest: ok: /$w $KERNEL: /p; s/^swapcheck: good/$w $KERNEL: good/p" "$dir/console"
}

for KERNEL in ${KERNELS-6.12}; do
    for w in ${WIRINGS-plugin ${FULL:+direct plugin-tls}}; do one_boot; done
done
