#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Absent pages are holes, and stock clients keep them: nbdinfo's map, qemu-img's,
# nbdsh's block status and chunks, and nbdcopy in both directions.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdcopy nbdinfo nbdsh qemu-img
lender --lend 128M --pool a=64M --pool b=64M
raw <<'PY'
c = Conn("a")
c.write(0, page(0))
c.write(32 * MIB, b"".join(page(n) for n in range(256)))
PY
uri=nbd://127.0.0.1:$port
nbdinfo --map "$uri/a" | awk '{ print $1, $2, $3 }' >"$tmp/map"
diff - "$tmp/map" <<'EOF' || fail "nbdinfo --map"
0 4096 0
4096 33550336 3
33554432 1048576 0
34603008 32505856 3
EOF
nbdinfo --can df "$uri/a" || fail "no DF"
nbdinfo --can fast-zero "$uri/a" || fail "no fast zero"
nbdinfo "$uri/a" | grep -q base:allocation || fail "nbdinfo lists no context"
qemu-img map --output=json "nbd://127.0.0.1:$port/a" >"$tmp/qemu"
[ "$(grep -c '"data": true' "$tmp/qemu")" = 2 ] || fail "qemu-img map: $(cat "$tmp/qemu")"

python3_nbd - "$uri/a" <<'PY'
import errno, sys, nbd
h = nbd.NBD()
h.connect_uri(sys.argv[1])
chunks = []
def chunk(data, offset, status, error):
    chunks.append((offset, len(data), status, bytes(data) == bytes(len(data))))
h.pread_structured(64 << 10, (32 << 20) - (64 << 10), chunk)
assert chunks == [((32 << 20) - (64 << 10), 64 << 10, nbd.READ_HOLE, True)], chunks
chunks.clear()
h.pread_structured(1 << 20, 0, chunk)
assert [(o, s) for o, n, s, z in chunks] == [(0, nbd.READ_DATA), (4096, nbd.READ_HOLE)], chunks
chunks.clear()
h.pread_structured(1 << 20, 0, chunk, nbd.CMD_FLAG_DF)
assert [(o, n, s) for o, n, s, z in chunks] == [(0, 1 << 20, nbd.READ_DATA)], chunks
h.zero(4096, 0, nbd.CMD_FLAG_FAST_ZERO)
try:
    h.zero(4096, 0, nbd.CMD_FLAG_FAST_ZERO | nbd.CMD_FLAG_NO_HOLE)
    sys.exit("zeros that are to be written are said to be fast")
except nbd.Error as e:
    assert e.errnum == errno.EOPNOTSUPP, e
PY

# Out into a sparse file, and from there into another pool: the holes stay.
nbdcopy "$uri/a" "$tmp/file"
[ "$(du -k "$tmp/file" | cut -f1)" -le 1100 ] || fail "the copy has $(du -k "$tmp/file" | cut -f1) KiB"
nbdcopy "$tmp/file" "$uri/b"
nbdcopy "$uri/b" - | cmp - "$tmp/file"
raw <<'PY'
about = Conn("b").about
assert int(about["used"]) == MIB, about
PY
