#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A claim fences: bytes of an older connection that wait in its socket, or half
# of them in the lender's buffer, are never applied after the claim's answer.
# The lender is stopped while both are sent, in either order.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
for threads in 1 4; do
    lender --threads $threads --lend 32M --pool a=32M --log-level debug
    raw "$lender_pid" "$tmp/lender.log" <<'PY'
pid, log = int(sys.argv[1]), sys.argv[2]
last = range(8192 - 64, 8192)        # the pages we look at
everything = b"".join(page(n) for n in range(8192))
writes = b"".join(request(WRITE, n * PAGE, PAGE, 0, n, page(n, 1)) for n in last)
whole = {n: (bytes(PAGE), page(n), page(n, 1), page(n, 2)) for n in last}
pending = {
    "writes": (b"", writes),
    "writes that were begun": (writes[:5000], writes[5000:]),
    "more than one receive": (b"", writes * 4),
    "erasing": (b"", request(TRIM, 0, 32 * MIB) + writes),
    "erasing that was begun": (request(TRIM, 0, 32 * MIB), writes),
}
for turn in range(60):
    kind = ("owner", "sibling", "plain")[turn % 3]
    what = list(pending)[turn % 5]
    before, during = pending[what]
    owner = Conn("a?claim=me") if kind != "plain" else None
    old = owner if kind == "owner" else Conn(owner.name if owner else "a")
    if "erasing" in what:
        old.write(0, everything)
    new = Conn(None) if turn % 4 < 2 else None     # accepted already, or not
    old.s.sendall(before)
    stopped(pid)
    claim = lambda: new.s.sendall(go_bytes(random.choice(("a?claim=me", "a?claim=u&force"))))
    if not new:
        new = Conn(greet=False)
        new.s.sendall(struct.pack(">I", 3))
    if turn % 2:
        claim()
    old.s.sendall(during)
    if not turn % 2:
        claim()
    os.kill(pid, signal.SIGCONT)
    if turn % 4 >= 2:
        new.take(18)
    new.went()
    for n in last:
        assert new.read(n * PAGE, PAGE) in whole[n], "page %d is of two halves" % n
        new.write(n * PAGE, page(n, 2))
    old.gone(log)
    for n in last:
        assert new.read(n * PAGE, PAGE) == page(n, 2), \
            "%s of a fenced %s changed page %d" % (what, kind, n)
    new.close()
    new.gone(log)
PY
    end_lender "$lender_pid"
done
