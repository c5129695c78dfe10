#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A lender that does not answer: every wait ends in EIO by its deadline; and
# when it answers again, what was acknowledged before is there.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit nbdinfo
lender --lend 64M --pool a=48M
borrower "lender=127.0.0.1:$port" deadline=1000 link-timeout=300
nbdsh_at "nbd+unix:///?socket=$sock" "$lender_pid" <<'EOF'
import signal, time
lender = int(sys.argv[2])
h.pwrite(page(b"a"), 0)
h.pwrite(page(b"b"), 4096)
os.kill(lender, signal.SIGSTOP)

def fails(what, *args):
    begin = time.monotonic()
    try:
        what(*args)
    except nbd.Error as e:
        assert e.errnum == 5, e
    else:
        raise SystemExit("%s succeeded without a lender" % what)
    return time.monotonic() - begin

took = fails(h.pread, 4096, 0)
assert 0.5 < took < 5, took
took = fails(h.pwrite, page(b"c"), 4096)
assert took < 5, took
# A request has one deadline, whatever it is cut into.
for at, n in ((8 << 20, 32 << 20), ((8 << 20) + 1, 4 << 20)):
    took = fails(h.pwrite, page(b"x") * (n // 4096), at)
    assert took < 5, took
    took = fails(h.pread, n, at)
    assert took < 5, took
# A lender that is gone for long is not waited for each time anew.
began = time.monotonic()
for n in range(10):
    fails(h.pread, 4096, 0)
assert time.monotonic() - began < 5, "10 reads took %.1f s" % (time.monotonic() - began)
os.kill(lender, signal.SIGCONT)
# The page that was only read is whole; the one whose put failed is lost, even
# if the lender got it after all; put again it is fine.
assert h.pread(4096, 0) == page(b"a")
try:
    h.pread(4096, 4096)
    raise SystemExit("a page came back whose put had failed")
except nbd.Error as e:
    assert e.errnum == 5, e
h.pwrite(page(b"d"), 4096)
assert h.pread(8192, 0) == page(b"a") + page(b"d")
EOF
