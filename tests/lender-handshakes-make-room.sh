#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Whoever stays mute in the handshake, from many addresses or from one, and comes again and
# again, keeps nobody out; and nobody's mute connections end another's handshake.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 4M --pool a=1M --pool b=1M
raw <<'PY'
def dial(source):
    s = socket.socket()
    s.settimeout(PATIENCE)
    s.bind((source, 0))
    s.connect(("127.0.0.1", int(sys.modules["rawnbd"]._port)))
    return s

def slow(source):
    "One that takes its time: the lender waits for its next words."
    c = Conn.__new__(Conn)
    c.s, c.cookie = dial(source), 0
    c.greet()
    return c

witness = Witness("b")
fresh = [slow("127.0.3.1") for _ in range(20)]
mute = [dial("127.0.1.%d" % (i % 16 + 1)) for i in range(16 * 256)]
print("%d mute connections" % len(mute))
for c in fresh:
    c.go("a", INFO)
    c.go("a").read(0, 1)
    c.close()
    start = time.monotonic()
    slow("127.0.2.1").go("a").close()
    assert time.monotonic() < start + 3, "it took %.1f s" % (time.monotonic() - start)
# They come without end.
ending = False
def flood(i):
    while not ending:
        try:
            mute[i % len(mute)].close()
            mute[i % len(mute)] = dial("127.0.1.%d" % (i % 40 + 1))
        except OSError:
            pass
        i += 2
floods = [threading.Thread(target=flood, args=(i,), daemon=True) for i in range(2)]
for f in floods:
    f.start()
for _ in range(20):
    start = time.monotonic()
    c = slow("127.0.2.1")
    time.sleep(.02)     # its host is far away
    c.option(LIST)
    time.sleep(.02)
    c.go("a?claim=me").write(0, page(1))
    c.close()
    assert time.monotonic() < start + 3, "it took %.1f s" % (time.monotonic() - start)
ending = True
witness.finish()
PY
grep -q 'hung up on an older connection to let this one in' "$tmp/lender.log" || fail "the log does not say so"
lines=$(wc -l <"$tmp/lender.log")
[ "$lines" -lt 300 ] || fail "$lines lines in the log"
