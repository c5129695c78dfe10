#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A lender's host goes away without a word while nobody reads or writes: it is found out
# within 15 s, and the copies that it had are made elsewhere.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit nbdcopy nbdinfo
far_host

lenders=
for i in 1 2; do
    lender --listen 127.0.0.1:0 --lend 128M --pool a=128M
    lenders="$lenders lender=127.0.0.1:$port"
    [ $i = 2 ] || first_port=$port
done
ip netns exec $ns "$FARPAGE_BUILDDIR/run" farpaged --listen "$net.2:10809" --allow-plaintext --lend 128M \
    --pool a=128M 2>"$tmp/far.log" &
cleanup "kill $! && wait $!"
wait_for 10 nbdinfo --size "nbd://$net.2:10809/a" >"$tmp/said"
# shellcheck disable=SC2086
borrower $lenders lender="$net.2:10809" copies=2 size=128M deadline=2000 link-timeout=500 swap=no
# Two extents: each of the three lenders has a copy of one at least.
head -c 2M /dev/urandom >"$tmp/data"
head -c 2M /dev/urandom | dd of="$tmp/data" bs=1M seek=64 2>"$tmp/said"
truncate -s 128M "$tmp/data"
nbdcopy "$tmp/data" "nbd+unix:///?socket=$sock"

used() { nbdinfo --no-content "nbd://127.0.0.1:$1/a" | sed -n 's/.* used=\([0-9]*\).*/\1/p'; }
whole() { [ $(($(used "$first_port") + $(used "$port"))) = $((8 << 20)) ]; }
whole && fail 'the far lender keeps nothing'
ip -n $ns link set far down
begin=$(date +%s)
wait_for 18 grep "lender $net.2:10809 is lost" "$tmp/borrower.log"
wait_for 15 whole
echo "two copies again after $(($(date +%s) - begin)) s"
nbdcopy "nbd+unix:///?socket=$sock" "$tmp/back"
cmp "$tmp/data" "$tmp/back"
