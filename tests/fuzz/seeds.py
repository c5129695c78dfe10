#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""seeds.py TARGET DIR: what a fuzz target begins with, a file each."""
import os
import random
import struct
import sys


def option(number, data=b"", length=None):
    return b"IHAVEOPT" + struct.pack(">II", number, len(data) if length is None else length) + data


def text(name):
    return struct.pack(">I", len(name)) + name


def go(name, infos=(1, 2), number=7):
    return option(number, text(name) + struct.pack(">H%dH" % len(infos), len(infos), *infos))


def meta(number, name, *queries):
    return option(number, text(name) + struct.pack(">I", len(queries)) + b"".join(map(text, queries)))


def request(kind, offset=0, length=0, flags=0, data=b""):
    return struct.pack(">IHHQQI", 0x25609513, flags, kind, 1, offset, length) + data


FLAGS, STRUCTURED = b"\0\0\0\3", option(8)
OWNED, THIN, NONE, TLS, TLS_WANTED, KNOWN = 1, 2, 4, 8, 16, 32
WHOLE, BYTES, PIECES = b"\0", b"\1\1", b"\3\5\21\300"
ALLOCATION = b"base:allocation"
SESSION = (request(1, 4096, 4096, 0, b"x" * 4096) + request(1, 100, 3, 0, b"abc") + request(0, 0, 8192) +
           request(7, 0, 65536) + request(6, 0, 8192, 2) + request(4, 1, 9000) + request(3) + request(2))


def handshakes():
    for switches in 0, OWNED, THIN, NONE:
        for cuts in WHOLE, BYTES, PIECES:
            yield bytes([switches]) + cuts + FLAGS + option(3) + go(b"q", number=6) + go(b"p")
    talks = [
        FLAGS + STRUCTURED + meta(9, b"p") + meta(9, b"q", b"base:") + meta(10, b"p", ALLOCATION, b"x:y") +
        go(b"p") + SESSION,
        FLAGS + STRUCTURED + go(b"q?claim=me") + SESSION,
        FLAGS + go(b"p?claim=me&force", ()) + SESSION,
        FLAGS + go(b"p@7") + SESSION,
        FLAGS + option(1, b"p") + SESSION,
        b"\0\0\0\1" + option(1) + SESSION,
        FLAGS + option(3, b"x") + option(5) + option(99, b"data") + option(2),
        FLAGS + option(7, text(b"p") + b"\0\2\0\1") + option(6, b"\377\377\377\377p\0\0") + go(b"x" * 4097),
        FLAGS + STRUCTURED + option(9, text(b"p") + b"\377\377\377\377\377\377\377\374"),
        FLAGS + option(77, b"\0" * 8193) + go(b""),
        FLAGS + option(1, b"p", 0xFFFFFFFF), FLAGS + option(3, b"", 1 << 20),
        FLAGS + option(2, b"", 1 << 21) + SESSION,
        b"\0\0\0\7", b"\0\0\0\2", FLAGS + request(0, 0, 4096)]
    for talk in talks:
        for cuts in WHOLE, PIECES:
            yield b"\0" + cuts + talk
    starttls = option(5)
    for talk in (starttls + STRUCTURED + go(b"p") + SESSION,
                 option(3) + STRUCTURED + meta(10, b"p", ALLOCATION) + starttls + starttls + go(b"p") + SESSION,
                 go(b"p") + option(5, b"x") + option(77, b"\0" * 8193) + starttls + option(1, b"p") + SESSION,
                 option(1, b"p"), option(2)):
        for switches in TLS, TLS_WANTED:
            yield bytes([switches]) + PIECES + FLAGS + talk
    ticket = b"@8." + b"5a" * 16
    for switches in OWNED, OWNED + TLS, OWNED + TLS_WANTED, OWNED + TLS_WANTED + KNOWN, TLS_WANTED:
        for opening in go(b"p" + ticket), go(b"mine" + ticket), option(1, b"mine" + ticket), go(b"p" + ticket[:-1] + b"b"):
            for before in b"", starttls, go(b"p" + ticket, number=6) + go(b"p@8") + meta(9, b"mine" + ticket):
                yield bytes([switches]) + PIECES + FLAGS + before + opening + SESSION
    for switches in TLS, TLS + KNOWN, TLS_WANTED + KNOWN:
        for opening in go(b"mine", number=6) + option(3) + go(b"mine?claim=me"), option(1, b"mine"):
            yield bytes([switches]) + PIECES + FLAGS + go(b"mine") + starttls + opening + SESSION


# Steps of transmission.c: a command, and bits that say which fields are in full.
FLAGGED, OFFSET, LENGTH = 16, 64, 128
RAW, UNKNOWN, TAKE, AGAIN, STOP_WRITING, FENCE, TURN = range(8, 15)
READ, WRITE, DISC, FLUSH, TRIM, CACHE, ZEROES, STATUS = range(8)


def ask(kind, page, pages=1, flags=None):
    return bytes([kind | (FLAGGED if flags else 0)] + ([flags] if flags else []) + [page] +
                 ([] if kind == FLUSH else [127 + pages]))


def part(kind, page, delta, length):
    return bytes([kind, 128 | page, delta & 255, length])


def odd(kind, offset, length, flags=0):
    return struct.pack(">BBQI", kind | FLAGGED | OFFSET | LENGTH, flags, offset, length)


def transmissions():
    fill = b"".join(ask(WRITE, n) for n in range(0, 60, 3)) + ask(WRITE, 20, 4)
    read = ask(READ, 0, 64) + part(READ, 3, -1, 200) + ask(READ, 30, 3, 4) + ask(STATUS, 0, 64) + ask(STATUS, 9, 9, 8)
    undo = ask(TRIM, 2, 9) + part(TRIM, 20, 7, 250) + ask(ZEROES, 1, 9) + ask(ZEROES, 30, 20, 2) + ask(ZEROES, 5, 1, 18)
    edges = b"".join(odd(kind, offset, length)
                     for kind in (READ, TRIM, ZEROES, CACHE, STATUS)
                     for offset, length in ((1 << 63, 4096), ((1 << 64) - 4096, 8192), (0, 0xFFFFFFFF),
                                            (64 * 4096, 1), (64 * 4096 - 1, 1), (4096, 0), (0, (32 << 20) + 1)))
    for switches in 0, 1, 3, 4, 7, 8:
        for cuts in WHOLE, PIECES:
            begin = bytes([switches, 20]) + cuts
            yield begin + fill + read + undo + bytes([TAKE, 3, 9]) + read + bytes([TAKE, 0, 7]) + fill + read
            yield begin + edges + ask(FLUSH, 0) + ask(CACHE, 3) + odd(WRITE, 1 << 63, 9) + bytes([UNKNOWN, 1, 0, 5, 200])
    begin = b"\3\77" + PIECES
    yield begin + ask(WRITE, 3) + bytes([AGAIN, 30]) + ask(READ, 3) + bytes([AGAIN, 255]) * 9 + bytes([TAKE, 9, 9])
    yield begin + fill + bytes([TURN, 1]) + ask(TRIM, 0, 64) + ask(READ, 0) + bytes([STOP_WRITING]) + fill + undo
    yield begin + part(WRITE, 1, 5, 255) + bytes([TURN, 0]) + undo + bytes([FENCE])
    yield begin + fill + read + ask(DISC, 0) + read
    yield begin + odd(WRITE, 0, (32 << 20) + 1) + read
    yield begin + bytes([RAW, 28]) + request(0, 0, 4096) + bytes([RAW, 8]) + b"nonsense"
    yield b"\0\77" + WHOLE + ask(FLUSH, 0) + bytes([AGAIN, 255]) * 20


def lates():
    """Steps of late.c; most of them ask, answer and take."""
    for n in range(80):
        dice = random.Random(n)
        steps = bytes([dice.randrange(256) & ~(2 if n % 3 else 0), dice.randrange(256)])
        pages = dice.choice((2, 8, 96))
        for _ in range(1500):
            who = dice.randrange(3) << 4
            kind = dice.choices(("ask", "answer", "take", "join", "die", "cut", "raw", "all"),
                                (30, 40, 30, 3, 2 if n % 5 == 0 else .3, 2, n % 8 == 0, 5))[0]
            if kind == "ask":
                command = dice.choice((READ, READ, WRITE, WRITE, WRITE, TRIM, ZEROES, STATUS, 3, CACHE))
                steps += bytes([command | who | 64 * (dice.random() < .8)])
                within = dice.random() < .5
                steps += bytes([dice.randrange(pages) | 128 * within])
                steps += dice.randrange(8192).to_bytes(2, "big") if within else b""
                few = dice.choices((2, 12, 40, 127), (5, 10, 4, 1))[0]
                steps += bytes([dice.randrange(few) | 128 * (dice.random() < .35)])
            elif kind == "answer":
                steps += bytes([9 | who | 128 * (dice.random() < .1), dice.randrange(256)])
            elif kind == "take":
                steps += bytes([10 | who]) + dice.randrange(1, 65536).to_bytes(2, "big")
            elif kind == "join":
                steps += bytes([12 | who, dice.randrange(256)])
            elif kind == "die":
                steps += bytes([11 | who])
            elif kind == "all":
                steps += bytes([14])
            elif kind == "cut":
                steps += bytes([13 | who, dice.randrange(256)])
            else:
                steps += bytes([8 | who, 28]) + request(dice.randrange(9), dice.randrange(400000), dice.randrange(300000))
        yield steps


def configs():
    for config in (
            "", "# a lender\nlisten = 10.0.0.1:1\nlisten = unix:/s\nlend=32M\npool = a=8M\npool = b=1G,thin ; not reserved\n"
            "threads = 4\nbusy-poll = 50\npid-file = /run/a.pid\nlog-level = warn",
            "lend = 1M\nlend 1M\n", "[pool]\nthreads = 1\n",
            "tls = require\ntls-psk = /k\ntls-certificates = /c\nmax-per-address = 9\nuser = nobody\nseccomp = off\n"
            "pool = a=1M,owner=me,iops=9,bandwidth=1M,thin\nallow-plaintext = yes\nlisten = 10.0.0.1:0\n",
            "  pool = a=1.5M\n\tlisten = [::1]:80\r\n",
            "pid-file = /" + "p" * 180 + "\n#" + "c" * 300 + "\n", "pool = " + "a" * 64 + "=4096\npool = a=8E\n",
            "lend = 18446744073709551615\n", "threads: 4\n;\n= 1\n"):
        yield config.encode()
        yield config.encode() + b"\377lend 16M\npool c=4K,thin\nthreads 64\nlog-level debug"


def words(*many):
    return lambda: (word.encode() for word in many)


# Of tls.c: a byte of switches (raw, 1.2, altered), the cuts, then bytes or lengths.
def tls():
    hello = bytes.fromhex("160301002a010000260303") + bytes(32) + bytes.fromhex("000002c02f0100")
    for cuts in WHOLE, BYTES, PIECES:
        yield b"\1" + cuts + hello
        yield b"\1" + cuts + b"\x17\3\3\0\x20" + bytes(32)
        for switches in 0, 2, 4, 6:
            yield bytes([switches]) + cuts + b"\0\5\1\0\x40\0\xff\xff" + b"\0\1\0\x09"


# Of wire.c: in how many replies it closes, the cuts, then steps.
def wires():
    def ask(kind, pages):
        return bytes([0, kind, 0, 3, pages - 1])

    def reply(slot, error=0, bent=b"\0"):
        return bytes([2, slot, error]) + bent

    send = b"\1"
    for cuts in WHOLE, PIECES:
        for closes in b"\0", b"\2":
            begin = closes + cuts + ask(1, 1) + ask(0, 32) + ask(2, 9) + ask(1, 32) + send
            yield begin + reply(0) + reply(2) + reply(3) + reply(1) + ask(1, 2) + send + reply(1)
            yield begin + reply(0, 3) + reply(1, 4) + reply(0) + reply(3)
            yield begin + reply(0, 0, b"\2\17\377") + reply(2)
            yield begin + reply(0, 0, b"\1\4\200") + reply(0, 0, b"\1\13\1")
            yield begin + ask(1, 1) + reply(4)
            yield begin + b"\3\40" + b"Gd" * 16


TARGETS = {
    "address": words("host", "127.0.0.1:10809", "[::1]:1", "[::1]", "unix:/run/s", "nbd://127.0.0.1/pool",
                     "nbd+unix:///pool?socket=/s", "nbds://h", "nbd://[::1]:65536/", ":1", "1.2.3.4:", "[::1"),
    "config": configs,
    "export": words("", "pool", "pool@18446744073709551615", "p?claim=instance&force", "p?force&claim=i", "p@1?claim=x",
                    "p@7." + "0f" * 16, "p@7.", "@7." + "0" * 31, "p@7." + "0F" * 16,
                    "@7", "p?claim=", "x" * 65),
    "handshake": handshakes,
    "late": lates,
    "lenders": words("a\nb drain # leaves\n", "# none\n", "a b\n", "a drain drain", "a\na\n", "x" * 300, "1.2.3.4:5\t\r\n" * 17),
    "size": words("0", "4096", "64K", "1.5G", "2TiB", "7.999999P", "8EB", "9223372036854775807", "1.0000001b", "5 K"),
    "tls": tls,
    "transmission": transmissions,
    "wire": wires,
}

target, where = sys.argv[1:]
os.makedirs(where, exist_ok=True)
for number, seed in enumerate(TARGETS[target]()):
    with open(os.path.join(where, "seed-%03d" % number), "wb") as f:
        f.write(seed)
