#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The handshake in all its right ways: options in any order and number, the old
# EXPORT_NAME, names and descriptions for those that ask, bytes in any pieces.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 2M --pool a=1M --pool b=64K
raw <<'PY'
def infos(*wanted, name=b"b", option=INFO):
    return option_bytes(option, struct.pack(">I", len(name)) + name +
                        struct.pack(">H%dH" % len(wanted), len(wanted), *wanted))

def kinds(c, option=INFO):
    return [struct.unpack(">H", d[:2])[0] for k, d in c.option_replies(option) if k == INFO_REPLY]

c = Conn()
assert c.option(LIST) == [(SERVER, b"\0\0\0\1a"), (SERVER, b"\0\0\0\1b"), (ACK, b"")]
for wanted, want in ((), {0, 3}), ((3,), {0, 3}), ((1,), {0, 1, 3}), ((2, 1, 1, 2, 9999), {0, 1, 2, 3}):
    c.s.sendall(infos(*wanted))
    got = kinds(c)
    assert set(got) == want and len(got) == len(want), (wanted, got)
c.s.sendall(infos(3))
sizes = next(d for k, d in c.option_replies(INFO) if d[:2] == b"\0\3")
assert sizes == struct.pack(">HIII", 3, 1, 4096, 32 * MIB)
c.go("b", INFO)
assert (c.name, c.size, c.about["size"]) == ("b", 64 * KIB, "65536"), c.about
# Options one behind the other, and the first request behind them.
c.s.sendall(option_bytes(LIST) + infos(1) + infos(option=GO) + request(READ, 0, 5, cookie=3))
c.option_replies(LIST), c.option_replies(INFO), c.option_replies(GO)
assert c.reply(5, 3) == bytes(5)
# All of it byte by byte.
c = Conn(greet=False)
for byte in (b"\0\0\0\3" + infos(1) + go_bytes("a") + request(WRITE, 0, 5, 0, 1, b"hello") +
             request(READ, 0, 5, 0, 2)):
    c.s.sendall(bytes([byte]))
c.take(18), c.option_replies(INFO), c.went(), c.reply(0, 1)
assert c.reply(5, 2) == b"hello" and c.size == MIB
# The old way, with its 124 zeros and without.
for flags, zeros in (1, 124), (3, 0):
    for name, size in (b"b", 64 * KIB), (b"", MIB):
        c = Conn(greet=False)
        c.greet(flags)
        c.s.sendall(option_bytes(EXPORT_NAME, name) + request(READ, 0, 5, cookie=4))
        c.size, c.flags = struct.unpack(">QH", c.take(10))
        assert c.size == size and c.flags & 1 and c.take(zeros) == bytes(zeros)
        assert len(c.reply(5, 4)) == 5
c = Conn()
assert c.option(ABORT) == [(ACK, b"")] and c.closed()
PY
