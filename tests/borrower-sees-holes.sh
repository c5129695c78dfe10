#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Pages that were never put, or were discarded, are holes to whoever asks before copying.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdcopy nbdinfo qemu-img nbdsh
lender --lend 256M --pool a=192M
borrower "lender=127.0.0.1:$port" pool=a size=192M
uri="nbd+unix:///?socket=$sock"
[ "$(nbdinfo --map "$uri" | awk '{ print $1, $2, $3 }')" = '0 201326592 3' ] || fail "of an empty device: $(nbdinfo --map "$uri")"
nbdsh_at "$uri" <<'PY'
h.pwrite(page(b"a"), 0)
h.pwrite(page(b"b") * 256, 100 << 20)
h.pwrite(page(b"c") * 8, 150 << 20)
h.trim(4096 * 4, (150 << 20) + 4096)
h.pwrite(bytes(4096), 170 << 20)
h.pwrite(b"d" * 10, (192 << 20) - 10)
PY
nbdinfo --map "$uri" | awk '{ print $1, $2, $3 }' >"$tmp/map"
diff - "$tmp/map" <<'EOF' || fail 'nbdinfo --map'
0 4096 0
4096 104853504 3
104857600 1048576 0
105906176 51380224 3
157286400 4096 0
157290496 16384 3
157306880 12288 0
157319168 44003328 3
201322496 4096 0
EOF
[ "$(qemu-img map --output=json "nbd+unix:///?socket=$sock" | grep -c '"data": true')" = 5 ] || fail 'qemu-img map'
nbdcopy "$uri" "$tmp/file"
[ "$(du -k "$tmp/file" | cut -f1)" -le 1200 ] || fail "the copy has $(du -k "$tmp/file" | cut -f1) KiB"
nbdcopy "$uri" - | cmp - "$tmp/file" || fail 'the copy is not the same'
