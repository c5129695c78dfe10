#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Who is mute, a resolver or the first of a lender's addresses, keeps nobody from starting, and
# nobody from ending.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/names.sh"
requires nbdkit nbdinfo
lender --listen 127.0.0.2:0 --lend 64M --pool a=64M
port=$(sed -n 's/.*listening on 127.0.0.2:\([0-9]*\)$/\1/p' "$tmp/lender.log")
mute 127.0.0.1 "$port"

# Whichever is the first.
for order in '1 2' '2 1'; do
    names "127.0.0.${order% *} both" "127.0.0.${order#* } both"
    borrower "lender=both:$port" link-timeout=3000
    nbdsh_at "nbd+unix:///?socket=$sock" <<'PY'
h.pwrite(page(b"a"), 0)
assert h.pread(4096, 0) == page(b"a")
PY
    kill "$borrower_pid"
    wait "$borrower_pid" || fail "nbdkit ended with $?"
done

resolver
borrower "lender=127.0.0.2:$port" lender=nobody.example size=64M copies=1 link-timeout=2000
warned 'cannot open the pool of lender nobody.example:[0-9]*: cannot resolve nobody.example: no answer' ||
    warned 'cannot open the pool of lender nobody.example: cannot resolve nobody.example: no answer' ||
    fail "not told: $(cat "$tmp/borrower.log")"
nbdsh_at "nbd+unix:///?socket=$sock" <<'PY'
h.pwrite(page(b"a"), 0)
PY
looks_up() { cat "/proc/$borrower_pid/task"/*/comm | grep -qx farpage-name; }
wait_for 20 looks_up
kill "$borrower_pid"
begin=$(date +%s)
wait "$borrower_pid" || fail "nbdkit ended with $?"
[ $(($(date +%s) - begin)) -lt 8 ] || fail "it took $(($(date +%s) - begin)) s to end"
