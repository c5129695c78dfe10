#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nbdfault makes pages wrong, on their way in and out, as it was told.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --listen 127.0.0.1:0 --listen "unix:$tmp/lender.sock" --lend 2M --pool a=1M
faults
raw <<'PY'
c = Conn("a?claim=me")

def differ(a, b):
    return sum(bin(x ^ y).count("1") for x, y in zip(a, b))

for n in range(4):
    c.write(n * PAGE, page(n))
fault("flip reply")
assert differ(c.read(0, PAGE), page(0)) == 1
assert c.read(0, PAGE) == page(0)
fault("flip write request")
c.write(0, page(0, 1))
assert differ(c.read(0, PAGE), page(0, 1)) == 1
c.write(0, page(0, 1))

fault("zero")
assert c.read(0, PAGE) == bytes(PAGE)
fault("replay")
assert c.read(PAGE, PAGE) == page(1), "it has no older one"
c.write(0, page(0, 2))
assert c.read(0, PAGE) == page(0, 1), "not the older page"
assert c.read(0, PAGE) == page(0, 2)
fault("swap")
assert c.read(2 * PAGE, PAGE) == page(3)
fault("swap")
assert c.read(2 * PAGE, 2 * PAGE) == page(3) + page(0, 2)
assert c.read(2 * PAGE, 2 * PAGE) == page(2) + page(3)
fault("zero 2 times 2")
assert [c.read(PAGE, PAGE) == page(1) for n in range(4)] == [True, False, False, True]
fault("wait")
fault("zero always")
assert not any(c.read(PAGE, PAGE) != bytes(PAGE) for n in range(5))
fault("calm")
assert c.read(PAGE, PAGE) == page(1)
PY
# Also over unix sockets.
nbdfault "unix:$tmp/fault.sock" "unix:$tmp/lender.sock" "$tmp/other.ctl" zero &
cleanup "kill $!; wait $! 2>/dev/null"
wait_for 10 test -S "$tmp/other.ctl"
raw "$tmp/fault.sock" <<'PY'
c = Conn("a?claim=me", to=sys.argv[1])
assert c.read(PAGE, PAGE) == bytes(PAGE)
assert c.read(PAGE, PAGE) == page(1)
PY
