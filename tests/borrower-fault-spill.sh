#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# All lenders are gone: what is put goes to the spill, without an error, and comes from there. When
# they are back, it goes to them, and the spill is empty.
own_mounts=yes
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/faults.sh"
disk 100
fallocate -l 80M "$tmp/disk/spill"
farm spill="$tmp/disk/spill"
for _ in $(seq "$repeat"); do
    all_at refuse
    all_at drop
    nbdsh_at "nbd+unix:///?socket=$sock" <<PY
for n in range(200):
    h.pwrite(page(b"%c" % (n % 26 + 65)), ($span << 20) + n * 4096)
for n in range(200):
    assert h.pread(4096, ($span << 20) + n * 4096) == page(b"%c" % (n % 26 + 65))
PY
    sleep 3 # longer than lenders are waited for
    all_at calm
    within 20 'all were gone, and are back: two copies' whole
done
verdict $dead reads
# It is not asked any more.
fallocate --punch-hole -o 0 -l 80M "$tmp/disk/spill"
redundant
