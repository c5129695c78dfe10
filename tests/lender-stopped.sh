#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A lender that was stopped for a while, as its host may be, takes its own absence for nobody's
# silence: who spoke meanwhile is heard before any deadline counts.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --threads 2 --lend 80M --pool a=1M --pool b=64M --log-level debug
raw "$lender_pid" "$tmp/lender.log" <<'PY'
pid = int(sys.argv[1])
owner, leaving = Conn("a?claim=me"), Conn("b?claim=me")
owner.write(0, page(1))
shaking = [Conn(greet=i % 2 == 0) for i in range(4)]
for _ in range(64): # more than sockets hold
    leaving.send(READ, 0, MIB)
leaving.send(DISC)
wait_for(lambda: "127.0.0.1:%d" % leaving.port in open(sys.argv[2]).read())
time.sleep(.5)
stopped(pid)
time.sleep(18)
for i, c in enumerate(shaking):
    if i % 2:
        c.s.sendall(struct.pack(">I", 3))
    c.s.sendall(go_bytes("a"))
cookie = owner.send(READ, 0, PAGE)
os.kill(pid, signal.SIGCONT)
for i, c in enumerate(shaking):
    if i % 2:
        assert c.take(18)[:8] == b"NBDMAGIC"
    c.went()
assert owner.reply(PAGE, cookie) == page(1)
for _ in range(64):
    assert leaving.reply(MIB) == bytes(MIB)
assert leaving.closed()
words = open(sys.argv[2]).read()
assert "hanging up" not in words and "silent" not in words, words
PY
