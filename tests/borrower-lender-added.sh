#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A lender that a line in the file names is added under load, and takes the place of one that
# died: then the other may die too. One that is there already under another name is not added.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit nbdinfo
lenders 3 --lend 64M --pool a=64M
list "127.0.0.1:$port1" "127.0.0.1:$port2 # both"
borrower lenders="$tmp/lenders" size=64M copies=2 heal-rate=1G
load --size 16M --fill
has_pages() { [ "$(used_at "$port1" a)" -gt 0 ]; }
wait_for 60 has_pages

list "127.0.0.1:$port1" "127.0.0.1:$port2" "unix:$tmp/none" "localhost:$port1"
wait_for 20 warned "lender localhost:$port1 is not added yet: its pool is that of lender 127.0.0.1:$port1"
wait_for 20 warned "lender unix:$tmp/none is not added yet: .*No such file"
! grep -q fenced "$tmp/lender.log" || fail 'it was claimed once more'

kill -KILL "$pid1"
wait_for 20 warned "lender 127.0.0.1:$port1 is lost: "
list "127.0.0.1:$port1" "127.0.0.1:$port2" "127.0.0.1:$port3"
wait_for 20 warned "lender 127.0.0.1:$port3 is added"
wait_for 60 warned "all copies are complete again, [0-9.]* s after lender 127.0.0.1:$port1 was lost"
[ "$(used_at "$port3" a)" -gt $((8 << 20)) ] || fail "the lender that was added has $(used_at "$port3" a) bytes"
kill -KILL "$pid2"
wait_for 20 warned "lender 127.0.0.1:$port2 is lost: "
load_was_well
