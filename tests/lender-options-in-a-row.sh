#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A client that says all its options at once, and only then listens, gets every
# answer, however long they are.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
printf '%s\n' 'listen = 127.0.0.1:0' "listen = unix:$tmp/sock" 'lend = 1M' 'pool = a=1M,thin' >"$tmp/lender.conf"
seq -f 'pool = %064.0f=4K,thin' 400 >>"$tmp/lender.conf"
lender --config "$tmp/lender.conf"
raw "$tmp/sock" <<'PY'
for to in None, sys.argv[1]:
    for lists in 3, 100:
        c = Conn(to=to)
        c.s.sendall(option_bytes(LIST) * lists + go_bytes("a") + request(READ, 0, PAGE, 0, 1))
        for _ in range(lists):
            assert len(c.option_replies(LIST)) == 402
        c.went()
        c.cookie = 1
        assert c.reply(PAGE, 1) == bytes(PAGE)
        c.close()
PY
