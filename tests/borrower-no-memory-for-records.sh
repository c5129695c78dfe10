#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# When there is no memory for records of more pages, a put that needs some fails at once, and it is
# said, once; all others go on. When there is some again, so does that put.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit prlimit
! sanitized || { echo 'SKIPPED: a sanitizer needs all address space' >&2; exit 77; }
lender --lend 64M --pool a=64G,thin
# Four threads; the heap has what they need when all of them have worked.
sock=$tmp/borrower.sock
"$FARPAGE_BUILDDIR/run" nbdkit -f -t 4 -P "$tmp/borrower.pid" -U "$sock" farpage "lender=127.0.0.1:$port" swap=false \
    2>"$tmp/borrower.log" &
borrower_pid=$!
cleanup "kill $borrower_pid 2>/dev/null && wait $borrower_pid"
wait_for 20 test -s "$tmp/borrower.pid"
nbdsh_at "nbd+unix:///?socket=$sock" "$borrower_pid" "$tmp/borrower.log" <<'EOF'
import resource, time
pid, log = int(sys.argv[2]), sys.argv[3]
extent = 64 << 20
for n in range(64):
    h.aio_pwrite(nbd.Buffer.from_bytearray(bytearray(page(b"a"))), n * 4096)
while h.aio_in_flight():
    h.poll(-1)
size = int(open("/proc/%d/statm" % pid).read().split()[0]) * resource.getpagesize()
resource.prlimit(pid, resource.RLIMIT_AS, (size + (4 << 20), resource.RLIM_INFINITY))

def put(n):
    begin = time.monotonic()
    try:
        h.pwrite(page(b"b"), n * extent)
        return 0, time.monotonic() - begin
    except nbd.Error as e:
        return e.errnum, time.monotonic() - begin

n = 1
while True:
    error, took = put(n)
    assert took < 10, "put %d took %.1f s" % (n, took)
    if error:
        break
    n += 1
    assert n < 1000, "there was memory for everything"
assert error == 12, error
for again in range(20):
    error, took = put(n)
    assert error == 12 and took < 5, (error, took)
h.pwrite(page(b"c"), 4096)
assert h.pread(4096, 4096) == page(b"c")
assert h.pread(4096, n * extent) == bytes(4096)

def said(words):
    return sum(words in line for line in open(log))
end = time.monotonic() + 20
while not said("no memory for records") and time.monotonic() < end:
    time.sleep(0.1)
assert said("no memory for records") == 1, open(log).read()
resource.prlimit(pid, resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
while put(n)[0]:
    assert time.monotonic() < end + 20, "there is memory again, and no put is taken"
    time.sleep(0.1)
assert h.pread(4096, n * extent) == page(b"b")
EOF
