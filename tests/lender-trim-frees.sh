#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Trimmed pages are back with the host when the answer comes, to the page; a
# page of which only a part was trimmed stays.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 64M --pool a=64M
raw "$lender_pid" <<'PY'
def resident():
    with open("/proc/%s/status" % sys.argv[1]) as f:
        return next(int(x.split()[1]) for x in f if x.startswith("RssShmem")) * KIB

c = Conn("a")
data = b"".join(page(n) for n in range(64 * MIB // PAGE))

def is_kept(pages, why):
    assert resident() == pages * PAGE, (why, resident() // PAGE, pages)
    used = int(Conn("a").about["used"])
    assert used == pages * PAGE, (why, used // PAGE, pages)

for erase in TRIM, ZERO:
    c.write(0, data[:32 * MIB])
    c.write(32 * MIB, data[32 * MIB:])
    is_kept(16384, "full")
    c.ask(erase, 5 * PAGE, PAGE)
    is_kept(16383, "one page")
    c.ask(erase, 9 * PAGE + 1, 3 * PAGE - 2)
    is_kept(16382, "one page and two parts")
    assert c.read(9 * PAGE, 3 * PAGE) == data[9 * PAGE:9 * PAGE + 1] + bytes(
        3 * PAGE - 2) + data[12 * PAGE - 1:12 * PAGE], "the parts that stay"
    c.ask(erase, 16 * MIB, 32 * MIB)
    is_kept(8190, "the half")
    c.ask(erase, 16 * MIB, 32 * MIB)
    is_kept(8190, "the same half again")
    c.ask(erase, 0, 64 * MIB)
    is_kept(0, "all")
    assert c.read(0, 32 * MIB) == bytes(32 * MIB) == c.read(32 * MIB, 32 * MIB)
PY
