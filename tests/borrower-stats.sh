#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# stats=PATH tells what happens: pages by state, requests by lender with how long they took, who is away, what
# was refused. Nobody who asks holds up a page, and nobody gets half an answer.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit jq socat nbdsh
lender --lend 130M --pool a=128M
first=$lender_pid first_port=$port
lender --lend 65M --pool a=64M
second=$lender_pid
at=$tmp/stats
figures() { socat -u "UNIX-CONNECT:$at" - </dev/null; }
is() { # filter...: each is true of the figures
    figures >"$tmp/json"
    for filter; do
        jq -e "$filter" "$tmp/json" >"$tmp/out" || { cat "$tmp/json"; fail "not: $filter: $(cat "$tmp/out")"; }
    done
}
"$FARPAGE_BUILDDIR/run" nbdkit -f -U "$tmp/sock" farpage "lender=127.0.0.1:$first_port" "lender=127.0.0.1:$port" pool=a \
    size=128M copies=1 deadline=2000 "stats=$at" 2>"$tmp/log" &
borrower=$!
cleanup "kill $borrower 2>/dev/null || :"
wait_for 10 test -S "$tmp/sock"
[ "$(stat -c %a "$at")" = 660 ] || fail "its mode is $(stat -c %a "$at")"
do_() { nbdsh_at "nbd+unix:///?socket=$tmp/sock"; }
do_ <<'PY'
import os
h.pwrite(os.urandom(64 * 4096), 0)
h.pwrite(b"x" * 8192, 1 << 20)
h.pread(64 * 4096, 0)
PY
is '.size_bytes == 134217728 and .copies == 1' \
    '.pages | .sealed == 64 and .same == 2 and .lost == 0 and .bad == 0' \
    '.operations | .puts == 2 and .flushes == 1 and .gets == 2 and .puts_no_room + .puts_failed + .gets_failed == 0' \
    '.lenders | length == 2 and all(.state == "up" and .timeouts == 0)' \
    '[.lenders[].name] == ["127.0.0.1:'"$first_port"'", "127.0.0.1:'"$port"'"]' \
    '[.lenders[].room_bytes] == [134217728, 67108864]' \
    '[.lenders[].used_bytes] | add == 1048576' \
    '[.lenders[].put.pages] | add == 64' '[.lenders[].get.pages] | add == 64' \
    '.lenders | all(.put.answers == (.put.us_log2 | add // 0) and .get.answers == (.get.us_log2 | add // 0))'
# Who asks and does not read, and a crowd.
for _ in 1 2 3 4 5; do sleep 5 | socat -U "UNIX-CONNECT:$at" - & done
is '.pages.sealed == 64'
# Flushed, a write over what is full, and a lender that is gone.
echo 'h.trim(64 * 4096, 0)' | do_
is '.pages | .sealed == 0 and .same == 2'
kill -STOP "$first" "$second"
do_ <<'PY'
import os
try:
    h.pwrite(os.urandom(4096), 0)
except nbd.Error:
    pass
PY
is '.operations.puts_failed == 1' '.pages.lost == 1' '[.lenders[].timeouts] | add >= 1' 'any(.lenders[]; .state != "up")'
kill -CONT "$first" "$second"
# It goes with the process, and what a killed one left is replaced.
kill -KILL $borrower
wait $borrower || :
[ -S "$at" ] || fail 'this test expects it to be left behind'
"$FARPAGE_BUILDDIR/run" nbdkit -U - farpage size=1M "stats=$at" --run "socat -u UNIX-CONNECT:$at - </dev/null" >"$tmp/json" ||
    fail 'a socket that was left behind keeps it from starting'
jq -e '.lenders | length == 1 and .[0].name == "this process"' "$tmp/json" >/dev/null || fail "$(cat "$tmp/json")"
[ ! -e "$at" ] || fail 'it is still there'
: >"$at"
"$FARPAGE_BUILDDIR/run" nbdkit -U - farpage size=1M "stats=$at" --run true 2>"$tmp/err" && fail 'it took the place of a file'
grep -q "stats=$at: cannot listen there: Address already in use" "$tmp/err" || fail "$(cat "$tmp/err")"
# Nobody waits for one that listens, and accepts nobody.
rm "$at"
full_socket "$at"
timeout 10 "$FARPAGE_BUILDDIR/run" nbdkit -U - farpage size=1M "stats=$at" --run true 2>"$tmp/err" && fail 'it took the place of a socket'
grep -q "stats=$at: cannot listen there: Address already in use" "$tmp/err" || fail "$(cat "$tmp/err")"
# Copies for which there is no room.
rm "$at"
lender --lend 16M --pool a=8M
first_port=$port
lender --lend 1M --pool a=8M,thin
"$FARPAGE_BUILDDIR/run" nbdkit -f -U "$tmp/two" farpage "lender=127.0.0.1:$first_port" "lender=127.0.0.1:$port" pool=a \
    size=8M "stats=$at" 2>"$tmp/log" &
cleanup "kill $!"
wait_for 10 test -S "$tmp/two"
echo 'import os; h.pwrite(os.urandom(4 << 20), 0)' | nbdsh_at "nbd+unix:///?socket=$tmp/two"
missing() { figures | jq -e '.copies == 2 and .pages.sealed == 1024 and .pages.missing == 768' >/dev/null; }
wait_for 10 missing
