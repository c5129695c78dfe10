#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A client that says goodbye, or nonsense, and does not take what it is still owed
# is hung up on in time: it holds no descriptor, and no pool, for ever.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
printf '%s\n' "listen = unix:$tmp/sock" 'lend = 64M' 'pool = a=64M' >"$tmp/lender.conf"
seq -f 'pool = %064.0f=4K,thin' 400 >>"$tmp/lender.conf"
lender --config "$tmp/lender.conf" --log-level debug
raw "$tmp/sock" "$tmp/lender.log" <<'PY'
_, sock, log = sys.argv
def gone():
    with open(log) as f:
        return f.read().count(" is gone")

owner = Conn("a?claim=deaf", to=sock)
owner.s.sendall(request(READ, 0, 32 * MIB) * 4 + request(DISC))
# Lists until the socket is full, and nonsense with the one that makes it so.
deaf = []
for lists in range(2, 10):
    c = Conn(to=sock)
    deaf.append(c)
    for _ in range(lists):
        c.s.sendall(option_bytes(LIST))
        time.sleep(.01)
    c.s.sendall(option_bytes(LIST) + b"no option, and this is the end of it")
# One that takes its time, but takes it, is not cut off.
slow = Conn("a", to=sock)
slow.s.sendall(request(READ, 0, 32 * MIB) + request(DISC))
end, taken = time.monotonic() + 18, 0
while time.monotonic() < end:
    time.sleep(1)
    taken += len(slow.take(500 * KIB))
assert gone() == 1 + len(deaf), (gone(), len(deaf))
slow.take(32 * MIB + 16 - taken)
assert slow.closed()
assert Conn("a?claim=next", to=sock).read(0, PAGE) == bytes(PAGE)
PY
