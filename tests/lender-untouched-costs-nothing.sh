#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A pool of 8 GiB that nobody has put a page into costs nothing, also while and
# after all of it is read; one page costs one page.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdcopy nbdinfo
lender --lend 64M --pool a=8G,thin
small() {
    [ "$(lender_kib)" -eq 0 ] || fail "$1: $(lender_kib) KiB of shared memory"
    sanitized && return
    rss=$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$lender_pid/status")
    [ "$rss" -lt 16384 ] || fail "$1: $rss KiB are resident"
}
small "at the start"
nbdcopy --requests 4 "nbd://127.0.0.1:$port/a" null: &
reader=$!
while kill -0 $reader 2>/dev/null; do
    small "while it is read"
    sleep 0.05
done
wait $reader
small "after it was read"
raw <<'PY'
c = Conn("a")
assert c.size == 8 * GIB, c.size
c.write(c.size - PAGE, page(1))
assert c.read(c.size - 2 * PAGE, 2 * PAGE) == bytes(PAGE) + page(1)
PY
[ "$(lender_kib)" -eq 4 ] || fail "one page costs $(lender_kib) KiB"
[ "$(used a)" -eq 4096 ] || fail "one page is $(used a) used"
