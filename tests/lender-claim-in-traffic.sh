#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Claims in the middle of traffic on many loops: whatever older connections
# were writing, what the claimant puts after its claim stays.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --threads 4 --lend 1M --pool a=1M
raw <<'PY'
def stream(c, generation, first):
    """Put every third page again and again until fenced."""
    out = b"".join(request(WRITE, n * PAGE, PAGE, 0, n, page(n, generation))
                   for n in range(first, 64, 3))
    ready.set()
    try:
        while True:
            c.s.sendall(out)
            c.take(16 * len(range(first, 64, 3)))
    except (EOFError, ConnectionError):
        pass

generation = 0
owner = Conn("a?claim=me")
for _ in range(150):
    streams = []
    for i in range(3):
        ready = threading.Event()
        generation += 1
        streams.append(threading.Thread(target=stream, args=(owner.sibling(), generation, i),
                                        daemon=True))
        streams[-1].start()
        assert ready.wait(PATIENCE)
    time.sleep(random.random() / 500)
    owner = Conn("a?claim=%s&force" % random.choice(("me", "you")))
    generation += 1
    mine = b"".join(page(n, generation) for n in range(64))
    owner.write(0, mine)
    for s in streams:
        s.join(PATIENCE)
        assert not s.is_alive(), "an older connection lives on"
        assert owner.read(0, 64 * PAGE) == mine, "an older connection's write came late"
PY
