#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A handshake that is malformed, oversized or does not end: a refusal or a
# hang-up, and a good client that works all the while.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 1M --pool a=1M
raw "$lender_pid" <<'PY'
witness = Witness("a")

def go(name_length, name, infos, n, option=GO):
    return option_bytes(option, struct.pack(">I", name_length) + name +
                        struct.pack(">H", n) + infos)

# What is answered with an error, after which the same connection goes on.
errors = [(go(*x, option), code) for option in (GO, INFO) for x, code in (
    ((2, b"a", b"", 0), INVALID), ((0xFFFFFFFF, b"a", b"", 0), INVALID),
    ((0xFFFFFFFA, b"a", b"", 0), INVALID), ((0x80000000, b"a", b"", 0), INVALID),
    ((1, b"a", b"", 1), INVALID), ((1, b"a", b"", 0xFFFF), INVALID), ((1, b"a", b"\0", 0), INVALID),
    ((1, b"a", b"\0\1\0", 1), INVALID), ((0, b"a", b"", 0), INVALID), ((4097, b"x" * 4097, b"", 0), TOO_BIG))]
errors += [(option_bytes(GO, b"x" * n), INVALID) for n in range(6)]
errors += [(option_bytes(option, b"\0" * n), TOO_BIG) for option in (GO, INFO, LIST, 77) for n in (8193, 65536, 1 << 20)]
errors += [(option_bytes(LIST, b"x"), INVALID), (option_bytes(LIST, b"\0" * 8192), INVALID)]
errors += [(option_bytes(option, data), UNSUP) for option in (0, 4, 5, 11, 12, 77, 0xFFFFFFFF)
           for data in (b"", b"x", b"x" * 8192)]
for dribble in False, True:
    c = Conn()
    for data, code in errors:
        option = struct.unpack(">I", data[8:12])[0]
        for at in range(len(data)) if dribble and len(data) < 60 else (None,):
            c.s.sendall(data if at is None else data[at:at + 1])
        kind, words = c.option_reply(option)
        assert kind == code, (hex(kind), words, data[:60])
    c.option(LIST)
    c.go("a")
    c.read(0, PAGE)

# What is hung up on; what came behind it is not carried out.
evil = go_bytes("a?claim=evil&force")
greeted = [option_bytes(EXPORT_NAME, b"x" * 8193), option_bytes(GO, b"", 0xFFFFFFFF),
           option_bytes(LIST, b"", (1 << 20) + 1), b"IHAVEOPU" + evil[8:], b"\0" * 100,
           b"x" * 100000, option_bytes(ABORT), request(WRITE, 0, PAGE, 0, 0, page(66)),
           b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", option_bytes(LIST) * 300,
           option_bytes(77, b"\0" * 9000) * 300]
bad_flags = [struct.pack(">I", x) for x in (0, 2, 4, 7, 1 << 31, 0xFFFFFFFF)]
for data, flags in [(x, 3) for x in greeted] + [(x, None) for x in bad_flags]:
    c = Conn(greet=False)
    c.take(18)
    try:
        c.s.sendall((b"\0\0\0\3" if flags else b"") + data + evil * 4)
        while c.s.recv(MIB):
            pass
    except ConnectionError:
        pass
    witness.progress()
witness.finish()
assert witness.conn.epoch == Conn("a").epoch, "something was claimed"
with open("/proc/%s/status" % sys.argv[1]) as f:
    assert next(int(x.split()[1]) for x in f if x.startswith("RssAnon")) < 65536
PY
