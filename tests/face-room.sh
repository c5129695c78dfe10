#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The NBD face's room for requests: whoever takes no answers, or sends half of something, keeps others waiting for
# seconds at most; whoever vanishes leaves nothing behind; and a kernel that asks for a mebibyte is told of a lost page
# instead of being hung up on.
export FARPAGE_FACE='-d 32 -l 1'
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --pool a=64M
export lender_pid
raw <<'PY'
import os, signal
part = 128 * KIB
data = b"".join(page(n) for n in range(3072))
first = Conn("a")
first.write(4 * MIB, data)
# One that takes nothing: others go on.
witness = Witness("a")
deaf = Conn("a")
for n in range(400):
    deaf.send(READ, 4 * MIB + n % 90 * part, part)
witness.progress(200)
got = {}
for n in range(400):
    magic, error, cookie = struct.unpack(">IIQ", deaf.take(16))
    assert not error and cookie not in got
    at = (cookie - 1) % 90 * part
    assert deaf.take(part) == data[at:at + part], n
    got[cookie] = 1
deaf.close()
# Many, who hold all there is: they are hung up on.
deaf = [Conn("a") for _ in range(20)]
for c in deaf:
    for n in range(100):
        c.send(READ, 4 * MIB, part)
half = [Conn("a") for _ in range(40)]
for c in half:
    c.s.sendall(request(WRITE, 0, part, 0, 1, b"x" * 5000))
witness.progress(200, 60)
for c in deaf + half:
    c.close()
# Who vanishes, with requests of all kinds under way. That they have gone is noticed in a moment.
def come():
    try:
        return Conn("a")
    except Refused as e:
        assert "too many connections" in str(e), e
for n in range(150):
    c = wait_for(come)
    if n % 3 == 0:
        for i in range(n):
            c.send(READ, 4 * MIB, 5 * part)
    for i in range(10):
        c.send(READ, 4 * MIB + 77, 30 * PAGE)
        c.send(WRITE, 32 * MIB + i * 5000, 4999, 0, data[:4999])
        c.send(TRIM, 48 * MIB + 5, 70000)
    if n % 2:
        c.s.sendall(request(WRITE, 50 * MIB, part, 0, 1, b"x" * n))
    c.close()
witness.finish()
witness.conn.close()
wait_for(lambda: first.read(4 * MIB, len(data)) == data)
# Nothing is lost of the room: one that is alone, soon, has all of it but one in eight.
for n in range(64 * 80):
    if n == 64 * 40:
        os.kill(int(os.environ["lender_pid"]), signal.SIGUSR2)
    if n % 64 == 0:
        time.sleep(.05)
        first.s.sendall(b"".join(request(READ, 4 * MIB + n * PAGE, PAGE) for n in range(64)))
    struct.unpack(">IIQ", first.take(16)), first.take(PAGE)
PY
grep -q 'it takes or sends nothing, and holds room that others wait for' "$tmp/lender.log" || fail 'nobody was hung up on'
counted
case $counted in *'most_out=28') ;; *) fail "not all room was used: $counted" ;; esac
end_face "$lender_pid"

# Pages from 2048 on cannot be had.
FARPAGE_FACE='-d 32 -l 1 -e 2048'
lender --pool a=64M
raw <<'PY'
bad = 2048 * PAGE
def alive(c):
    assert c.read(MIB, PAGE) == page(5)
c = Conn("a")
c.write(MIB, page(5))
for at, n in (bad, 1), (bad - 1, 2), (bad, PAGE), (bad - PAGE, 2 * PAGE), (bad - MIB, MIB + 1), (bad, 4 * MIB), \
        (bad - 1280 * KIB + PAGE, 1280 * KIB), (bad, 32 * MIB):
    assert c.error(READ, at, n) == EIO, (at, n)
    alive(c)
for at, n in (bad, 1), (bad - 1, 2), (bad - 5, 3 * MIB), (bad, PAGE):
    assert c.error(WRITE, at, n, 0, bytes(n)) == EIO, (at, n)
    assert c.error(TRIM, at, n) == EIO and c.error(ZERO, at, n) == EIO, (at, n)
    alive(c)
assert c.read(bad - 5, 5) == bytes(5)
# More than there is room for, and the error comes when half is said.
c.send(READ, bad - 16 * MIB if bad > 16 * MIB else 0, 20 * MIB)
assert c.take(16)[4:8] == bytes(4)
try:
    while c.s.recv(MIB):
        pass
except ConnectionError:
    pass
alive(Conn("a"))
PY
python3_nbd - "$port" <<'PY' || fail 'in chunks'
import nbd, sys
h = nbd.NBD()
h.connect_tcp("127.0.0.1", sys.argv[1])
for at, n in (2048 * 4096 - 9, 10), (0, 20 << 20), (2048 * 4096, 4096):
    try:
        h.pread(n, at)
        raise SystemExit("no error")
    except nbd.Error as e:
        assert e.errno == "EIO", e
    assert h.pread(4096, 0) == bytearray(4096)
try:
    h.pread_structured(16 << 20, 0, lambda *chunk: 0, nbd.CMD_FLAG_DF)
    raise SystemExit("no error")
except nbd.Error as e:
    assert e.errno in ("EOVERFLOW", "EIO"), e
assert h.pread_structured(1 << 20, 0, lambda *chunk: 0, nbd.CMD_FLAG_DF) == bytearray(1 << 20)
PY
end_face "$lender_pid"

# Pages from 2048 on are never answered for: it ends by force, and says so to who waits.
FARPAGE_FACE='-d 16 -o 2048'
lender --pool a=64M
raw "$lender_pid" <<'PY'
for n in range(3):
    c = Conn("a")
    c.write(0, page(n))
    c.send(READ, 2048 * PAGE, PAGE)
    c.send(WRITE, 2048 * PAGE, PAGE - 1, 0, page(1)[1:])
    c.close()
c = Conn("a")
assert c.read(0, PAGE) == page(2)
c.send(READ, 2048 * PAGE, PAGE)
c.send(WRITE, 2048 * PAGE + 1, 2 * PAGE, 0, page(1) * 2)
os.kill(int(sys.argv[1]), signal.SIGTERM)
assert c.read(0, PAGE) == page(2)
os.kill(int(sys.argv[1]), signal.SIGUSR1)
for n in range(2):
    try:
        c.reply()
        raise SystemExit("no error")
    except Error as e:
        assert e.error == EIO
assert c.closed()
PY
wait "$lender_pid" || fail "it ended with $?"
grep -q 'refused: 127.0.0.1:0 is in use: 127.0.0.1 owns it and is connected' "$tmp/lender.log" || fail 'not refused'
