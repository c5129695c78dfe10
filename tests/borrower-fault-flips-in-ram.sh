#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Bits of pages turn in a lender's memory: what is read there is found out, and read elsewhere.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/faults.sh"
on_tmpfs
farm
victim=$(holder 1) # of what is not found yet the other has the only good copy
for _ in $(seq "$repeat"); do
    python3_nbd - "$state/$victim" <<'PY'
import os, random, sys
dice, flips = random.Random(1), 0
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        fd = os.open(os.path.join(folder, name), os.O_RDWR)
        end = os.fstat(fd).st_size
        if end <= 16 << 30:
            continue
        at = os.lseek(fd, 16 << 30, os.SEEK_DATA)   # pages lie from here on
        for n in range(1000):
            byte = at + dice.randrange(16 << 20)
            old = os.pread(fd, 1, byte)
            os.pwrite(fd, bytes([old[0] ^ 1 << dice.randrange(8)]), byte)
            flips += 1
        print(flips, "bits of", name)
assert flips, "no pool's pages were found"
PY
    # All of it is read, and what was wrong is put right.
    copy all || fail 'a page cannot be read'
    wait_for 20 whole
done
verdict 500
copy all || fail 'a page cannot be read'
