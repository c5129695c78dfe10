#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Requests that wait behind a long erasing are carried out when it is done, in
# their order, also when nothing more comes from that client.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 64M --pool a=64M
raw <<'PY'
c = Conn("a")
c.s.settimeout(20)
data = b"".join(page(n) for n in range(8192))
seed = random.randrange(1 << 30)
print("seed", seed)
random.seed(seed)
for turn in range(20):
    for offset in 0, 32 * MIB:
        c.write(offset, data)
    requests, answers = [], []
    for _ in range(random.choice((1, 1, 2, 5))):
        # Slices of 8 MiB: a whole one, parts, and what is already gone.
        pages = random.choice((1, 2047, 2048, 2049, 4096, 5000, random.randint(1, 12000)))
        first = random.randrange(16384 - pages)
        requests.append(request(random.choice((TRIM, ZERO)), first * PAGE, pages * PAGE,
                                0 if turn % 4 else random.choice((0, FUA))))
        answers.append((first, pages))
        requests.append(request(WRITE, first * PAGE, PAGE, 0, 0, page(first, turn)))
        requests.append(request(READ, first * PAGE, 2 * PAGE))
    c.s.sendall(b"".join(requests))
    for i, (first, pages) in enumerate(answers):
        try:
            c.reply(), c.reply()
            got = c.reply(2 * PAGE)
        except TimeoutError:
            raise SystemExit("turn %d: no answer behind erasing %s" % (turn, answers[:i + 1]))
        if i == len(answers) - 1:       # reads tell what is there when they are sent
            assert got[:PAGE] == page(first, turn), answers
            assert pages == 1 or got[PAGE:] == bytes(PAGE), answers
PY
