#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Under load a lender is drained: its pages go to others, and it may be stopped. It can be
# taken back, drained by a word, and used again.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit nbdinfo
lenders 3 --lend 256M --pool a=256M
a=127.0.0.1:$port1 b=127.0.0.1:$port2 c=127.0.0.1:$port3
list "$a" "$b" "$c"
borrower lenders="$tmp/lenders" size=192M copies=2 heal-rate=1G
load --size 160M
filled() { [ "$(used_at "$port1" a)" -gt 0 ] && [ "$(used_at "$port2" a)" -gt 0 ] && [ "$(used_at "$port3" a)" -gt 0 ]; }
wait_for 60 filled

list "$b" "$c"
wait_for 20 warned "lender $a is being drained"
wait_for 60 warned "lender $a has no pages left and may be stopped"
[ "$(used_at "$port1" a)" = 0 ] || fail "it still keeps $(used_at "$port1" a) bytes"
kill "$pid1"
wait "$pid1" || fail "status $?"
kill -0 "$load_pid" || fail "load: $(cat "$tmp/load.log")"

# The same again, with another one instead: what is drained by a word may be there no more.
lender --listen "$a" --lend 256M --pool a=256M
list "$a" "$b" "$c"
wait_for 30 warned "lender $a is added"
list "$a" "$b drain" "$c"
wait_for 60 warned "lender $b has no pages left and may be stopped"
[ "$(used_at "$port2" a)" = 0 ] || fail "it still keeps $(used_at "$port2" a) bytes"
kill -KILL "$pid2"

# With too few others nothing leaves, and it is taken back.
list "$a" "$b drain" "$c drain"
wait_for 20 warned "lender $c is being drained; its pages stay there until another lender is added"
list "$a" "$b drain" "$c"
wait_for 20 warned "lender $c is used again"
load_was_well
! warned '.* lost' || fail "$(cat "$tmp/borrower.log")"
