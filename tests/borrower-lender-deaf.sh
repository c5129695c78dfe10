#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A lender greets, and then no write reaches it; or each is answered almost too late. It is left
# out, that is told once, and its copies are made on another while it goes on so.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit nbdsh
cat >"$tmp/write.py" <<'EOF2'
import threading, time
end = time.time() + 100
n = 0
while time.time() < end and os.path.exists(sys.argv[2]):
    n += 1
    for e in range(3): h.pwrite(b"%05d" % n + bytes(4090) + b".", (e << 26) + n % 50 * 4096)
    time.sleep(0.05)
for e in range(3):
    h.pwrite(page(b"z"), (e << 26) + 99 * 4096)
EOF2
check() {
    nbdsh_at "nbd+unix:///?socket=$sock" <<'EOF2'
for e in range(3):
    assert h.pread(4096, (e << 26) + 99 * 4096) == page(b"z")
    assert h.pread(4096, (e << 26) + 4096)[-1:] == b"."
EOF2
}
how_often() { grep -c "farpage: warning: $1" "$tmp/borrower.log" || true; }

for what in 'swallow write request always' 'late 900 write reply always'; do
    lenders 3 --lend 192M --pool a=192M
    port=$port1
    faults
    deaf=127.0.0.1:$port
    borrower "lender=$deaf" "lender=127.0.0.1:$port2" "lender=127.0.0.1:$port3" size=192M copies=2
    touch "$tmp/go"
    nbdsh_at "nbd+unix:///?socket=$sock" "$tmp/go" <"$tmp/write.py" &
    writer=$!
    # shellcheck disable=SC2086 # words
    fault $what
    wait_for 60 warned "lender $deaf connects, but again and again does not answer in time"
    whole() { nbdinfo "nbd://127.0.0.1:$port1/a" | grep -q ' used=0 '; }
    wait_for 60 whole
    rm "$tmp/go"
    wait "$writer" || fail "$what: $(cat "$tmp/borrower.log")"
    kill -KILL "$pid1" "$pid2"
    check || fail "$what, and another is lost: $(cat "$tmp/borrower.log")"
    [ "$(how_often "lender $deaf connects, but")" = 1 ] || fail "told again: $(cat "$tmp/borrower.log")"
    kill "$borrower_pid"
    wait "$borrower_pid" || fail "status $?"
done
