#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The spill's filesystem is frozen, so that who writes there does not come back from the kernel: its
# pages are EIO by the deadline, those of lenders are there at once, it is said, and all goes on
# when it thaws. If it does not, the process ends all the same.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit mke2fs fsfreeze fallocate
mkdir "$tmp/disk"
truncate -s 100M "$tmp/disk.img"
mke2fs -q -t ext4 "$tmp/disk.img"
mount -o loop "$tmp/disk.img" "$tmp/disk" 2>"$tmp/said" || {
    echo "SKIPPED: no filesystem of its own: $(cat "$tmp/said")" >&2
    exit 77
}
cleanup "wait_for 20 umount $tmp/disk"
cleanup "fsfreeze -u $tmp/disk 2>/dev/null"
fallocate -l 80M "$tmp/disk/spill"
# It has no room for more than 256 pages.
lender --lend 1M --pool a=64M,thin
borrower "lender=127.0.0.1:$port" "spill=$tmp/disk/spill" deadline=2000
nbdsh_at "nbd+unix:///?socket=$sock" "$tmp/disk" <<'EOF'
import subprocess, time

def fails(what, *args):
    begin = time.monotonic()
    try:
        what(*args)
    except nbd.Error as e:
        assert e.errnum in (5, 28), e # a lender had no room
    else:
        raise SystemExit("a disk that is frozen takes pages")
    return time.monotonic() - begin

def at_once(n):
    begin = time.monotonic()
    assert h.pread(4096, n * 4096) == page(b"%c" % (n % 26 + 65))
    took = time.monotonic() - begin
    assert took < 1, "a lender's page took %.1f s" % took

for n in range(600):
    h.pwrite(page(b"%c" % (n % 26 + 65)), n * 4096)
subprocess.run(["fsfreeze", "-f", sys.argv[2]], check=True)
# More than there are buffers, and threads: all of them wait for the disk, and others are served.
for n in range(40):
    h.aio_pwrite(nbd.Buffer.from_bytearray(bytearray(page(b"x"))), (800 + n) * 4096,
                 completion=lambda error: 1)
other = nbd.NBD()
other.connect_uri(sys.argv[1])
h, busy = other, h
for n in range(20):
    at_once(n)
    time.sleep(0.05)
end = time.monotonic() + 20
while busy.aio_in_flight():
    assert time.monotonic() < end, "%d writes do not end" % busy.aio_in_flight()
    busy.poll(100)
for n in (400, 500, 599):
    took = fails(h.pread, 4096, n * 4096)
    assert took < 5, took
    at_once(n % 100)
subprocess.run(["fsfreeze", "-u", sys.argv[2]], check=True)
end = time.monotonic() + 20
while True:
    try:
        for n in range(600):
            assert h.pread(4096, n * 4096) == page(b"%c" % (n % 26 + 65))
        break
    except nbd.Error:
        assert time.monotonic() < end, "it thawed, and its pages are not there"
        time.sleep(0.1)
h.pwrite(page(b"a"), 900 * 4096)
assert h.pread(4096, 900 * 4096) == page(b"a")
subprocess.run(["fsfreeze", "-f", sys.argv[2]], check=True)
fails(h.pwrite, page(b"b"), 901 * 4096)
EOF
wait_for 10 warned 'the spill does not answer'
warned 'the spill answers again' || fail 'nobody said that it answers again'
kill "$borrower_pid"
gone() { ! kill -0 "$borrower_pid"; }
wait_for 15 gone
