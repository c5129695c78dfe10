#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What the plugin's tests promise, farpage-front keeps.
# shellcheck disable=SC2034 # of lib.sh
time_limit=500
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
sanitizer=${ASAN_OPTIONS-}
for name in claim-refused deadline-ends-in-eio embedded-verifies goes-on-after-a-cut lender-added lender-drained \
    lender-restarts lender-verifies lost-memory-is-eio over-tls same-lender sees-holes small-pools spill-hangs stays-with-its-pool \
    successor-starts-empty usurped-pool-is-eio vacates; do
    # The search for leaks waits for what hangs in the kernel.
    [ $name != spill-hangs ] || sanitizer="detect_leaks=0:${ASAN_OPTIONS-}"
    FARPAGE_LIMITED='' FARPAGE_FRONT=yes ASAN_OPTIONS=$sanitizer "$FARPAGE_SRCDIR/tests/borrower-$name.sh" >"$tmp/said" 2>&1 ||
        [ $? = 77 ] || fail "$name: $(cat "$tmp/said")"
    sanitizer=${ASAN_OPTIONS-}
done
# One that is in use does not end; nor does it listen where nobody said so.
lender --lend 64M --pool a=16M
FARPAGE_FRONT=yes borrower "lender=127.0.0.1:$port"
nbdsh_at "nbd+unix:///?socket=$sock" <<PY
import os, signal, time
h.pwrite(page(b"a"), 0)
os.kill($borrower_pid, signal.SIGTERM)
time.sleep(1)
assert h.pread(4096, 0) == page(b"a")
PY
grep -q 'not ending: .* is in use: this host owns it and is connected' "$tmp/borrower.log" || fail "$(cat "$tmp/borrower.log")"
kill "$borrower_pid"
wait "$borrower_pid" || fail "it ended with $?"
[ "$(used a)" = 0 ] || fail "pages stayed behind: $(used a)"
for wrong in '' --face=nbd '--listen unix:/x --face ublk size=4M' 'size=4M zzz=1' '--config /nonexist size=4M' '--listen unix:/nonexist/s size=4M' \
    "--listen unix:$tmp/none --device-file /nonexist/d size=4M"; do
    # shellcheck disable=SC2086
    farpage-front $wrong >"$tmp/said" 2>&1 && fail "it took: $wrong"
    grep -q 'error: ' "$tmp/said" || fail "$wrong: $(cat "$tmp/said")"
done
printf 'size = 8M\n# a comment\nlender = 192.0.2.1\n' >"$tmp/conf"
ln -s "$tmp/elsewhere" "$tmp/device"
farpage-front --listen "unix:$tmp/s" --config "$tmp/conf" --device-file "$tmp/device" "127.0.0.1:$port" size=4M 2>"$tmp/said" &
front=$!
cleanup "kill -QUIT $front 2>/dev/null"
wait_for 20 grep -q "is there: 4 MiB" "$tmp/said"
[ "$(cat "$tmp/device")" = "unix:$tmp/s $front" ] || fail "its device file: $(cat "$tmp/device")"
[ ! -e "$tmp/elsewhere" ] || fail 'it followed a link'
kill "$front"
wait "$front" || fail "it ended with $?"
[ ! -e "$tmp/device" ] || fail 'it left its device file behind'
