# SPDX-License-Identifier: BSD-2-Clause
# For nbdsh_at, with MIB NEW OLD: reads 100 pages from MIB on that are of generation OLD (0: none),
# puts those of NEW there, and reads them. Each of that may fail, but never be wrong; how often it did
# is printed.
import time
base, new, old = (int(a) for a in sys.argv[2:5])
end, errors, written = time.monotonic() + 6, 0, []
text = lambda generation, n: page(b"%c" % (65 + (generation * 7 + n) % 26))
def try_to(what, *args):
    global errors
    if time.monotonic() > end:
        return None
    try:
        return what(*args) or True
    except nbd.Error as e:
        assert e.errnum in (5, 28), e
        errors += 1
for n in range(100 if old else 0):
    got = try_to(h.pread, 4096, (base << 20) + n * 4096)
    assert got is None or got == text(old, n), "wrong page %d" % n
for n in range(100):
    if try_to(h.pwrite, text(new, n), (base << 20) + n * 4096):
        written.append(n)
for n in written:
    got = try_to(h.pread, 4096, (base << 20) + n * 4096)
    assert got is None or got == text(new, n), "wrong page %d that was just written" % n
print(errors)
