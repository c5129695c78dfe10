#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A pool's limits hold over all its connections, and cost nobody else anything; what
# waits is answered in the end, and right. They may change at a reload.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
conf() { printf '%s\n' 'listen = 127.0.0.1:0' 'lend = 16M' 'pool = free=1M' "pool = slow=1M,iops=$1" "pool = thin=4M,bandwidth=$2"; }
conf 100 1M >"$tmp/lender.conf"
lender --config "$tmp/lender.conf"
raw <<'PY'
def took(what):
    begin = time.monotonic()
    what()
    return time.monotonic() - begin
witness = Witness("free")
slow = [Conn("slow") for _ in range(2)]
def requests():
    for c in slow:
        for n in range(40):
            c.send(WRITE, n % 8 * PAGE, PAGE, data=page(n))
    for c in slow:
        for n in range(40):
            c.reply()
seconds = took(requests)
assert seconds >= .65, "80 requests, 100 a second, in %.2f s" % seconds
assert slow[0].read(7 * PAGE, PAGE) == page(39)
thin = Conn("thin")
seconds = took(lambda: [thin.write(n * 256 * KIB, page(n) * 64) for n in range(8)])
assert seconds >= 1.6, "2 MiB, 1 MiB a second, in %.2f s" % seconds
assert thin.read(5 * 256 * KIB, PAGE) == page(5)
# One that waits is fenced, cut and gone like any other.
waits = Conn("thin")
waits.write(0, bytes(MIB))
waits.send(WRITE, 0, PAGE, data=b"\1" * PAGE)
owner = Conn("thin?claim=me")
owner.write(0, page(9))
assert waits.closed()
assert owner.read(0, PAGE) == page(9)
# A request that is refused does not use up anything.
assert owner.error(READ, 0, 1 << 31) == EINVAL
owner.read(0, PAGE)
witness.finish()
PY
conf 1000000 1000M >"$tmp/new.conf"
cp "$tmp/new.conf" "$tmp/lender.conf"
kill -HUP "$lender_pid"
wait_for 10 grep -q 'configuration read again' "$tmp/lender.log"
raw <<'PY'
c = Conn("slow")
begin = time.monotonic()
for n in range(600):
    c.write(0, page(n))
assert time.monotonic() - begin < 5, "as slow as before"
PY
