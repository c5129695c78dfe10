#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A host that is short of memory says by x-farpage:vacate what it wants back; a
# stock client sees it, and what it trims was given back. Nothing is taken from
# it by force, and when the shortage is over nothing is wanted any more.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdsh nbdinfo
ram=$(all_ram)
common='listen = 127.0.0.1:0
lend = 64M
vacate-deadline = 1
pool = a=16M
pool = b=16M,revocable'
printf '%s\n' "$common" 'keep-free = 0' >"$tmp/lender.conf"
lender --config "$tmp/lender.conf"
uri=nbd://127.0.0.1:$port/a
nbdinfo "$uri" | grep -q x-farpage:vacate || fail "nbdinfo lists no context x-farpage:vacate"
cat >"$tmp/client.py" <<'PY'
import nbd, sys, time
PAGE = 4096
wanted_now = sys.argv[2] == "short"
h = nbd.NBD()
h.add_meta_context("base:allocation")
h.add_meta_context("x-farpage:vacate")
h.connect_uri(sys.argv[1])
def status():
    map = {}
    def extent(context, offset, entries, error):
        at = offset
        for n, flags in zip(entries[::2], entries[1::2]):
            map.setdefault(context, []).append((at, n, flags))
            at += n
    h.block_status(h.get_size(), 0, extent)
    assert set(map) == {"base:allocation", "x-farpage:vacate"}, map
    return map["base:allocation"], map["x-farpage:vacate"]
def wanted():
    return sum(n for at, n, flags in status()[1] if flags & 1)
if not wanted_now:
    h.pwrite(bytes([7]) * (4 << 20), 0)
    assert status() == ([(0, 4 << 20, 0), (4 << 20, 12 << 20, 3)], [(0, 16 << 20, 0)])
    sys.exit()
end = time.monotonic() + 60
while not wanted():
    assert time.monotonic() < end, "nothing is wanted"
allocation, vacate = status()
assert vacate == [(0, 16 << 20, 1)], vacate
time.sleep(2.5)   # longer than the deadline
assert h.pread(4 << 20, 0) == bytes([7]) * (4 << 20), "this pool is not revocable"
h.trim(1 << 20, 3 << 20)
assert status()[0][0] == (0, 3 << 20, 0), status()
PY
python3_nbd "$tmp/client.py" "$uri" plenty
reload "$common" "keep-free = $ram"
python3_nbd "$tmp/client.py" "$uri" short
kill -USR1 "$lender_pid"
wait_for 10 grep -q 'memory: short.* vacated 256, dropped 0;' "$tmp/lender.log"
reload "$common" 'keep-free = 0'
wait_for 60 grep -q "memory: no shortage" "$tmp/lender.log"
python3_nbd "$tmp/client.py" "$uri" plenty
