#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A silent connection that has pages ends after dead-after, also one that was reloaded since it
# was opened; also if it owes the lender an acknowledgement. Its pages stay.
time_limit=180
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
far_host
common="listen = 127.0.0.1:0
listen = $net.1:0
allow-plaintext = yes
lend = 4M
log-level = debug
pool = idle=1M
pool = owing=1M
pool = plain=1M"
printf '%s\n' "$common" 'dead-after = 3600' >"$tmp/lender.conf"
lender --config "$tmp/lender.conf"
raw_there "$tmp/there" <<'PY' &
conns = [Conn("idle?claim=far"), Conn("owing?claim=far"), Conn("plain")]
for c in conns:
    c.write(0, page(1))
conns[1].s.sendall(request(READ, 0, MIB) * 100)
conns[1].take(5 * MIB)
open(sys.argv[1], "w").close()
time.sleep(150)
PY
cleanup "kill $!"
wait_for 20 test -e "$tmp/there"
ip link set "$near" down
down=$(date +%s)
gone() { [ "$(grep -c "debug: $net.2:.* is gone$" "$tmp/lender.log")" = 3 ]; }
wait_for 40 sh -c "[ \$(grep -c 'has been silent for' '$tmp/lender.log') = 3 ]"
wait_for 40 sh -c "[ \$((\$(date +%s) - $down)) -ge 25 ]"
grep -q "$net.2:.* is gone" "$tmp/lender.log" && fail 'it did not wait'
reload "$common" 'dead-after = 30'
wait_for 40 gone
echo "gone after $(($(date +%s) - down)) s"
[ "$(($(date +%s) - down))" -ge 28 ] || fail 'too soon'
raw <<'PY'
for pool in "idle", "owing", "plain":
    assert Conn(pool + "?claim=far").read(0, PAGE) == page(1)
PY
reload "$common" 'dead-after = 14'
case $words in *"write seconds from 15 to 1209600"*) ;; *) fail "$words" ;; esac
