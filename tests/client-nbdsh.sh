#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nbdsh: each of libnbd's calls that the lender promises, by name and by claim.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
PATH=/usr/bin:$PATH # Debian's nbdsh takes the first python, and has a module for its own
requires nbdsh
lender --lend 2M --pool a=1M
nbdsh -u "nbd://127.0.0.1:$port/a" -c - <<'PY'
assert h.get_size() == 1 << 20 and h.get_protocol() == "newstyle-fixed"
h.pwrite(b"hello", 4094)
assert h.pread(8, 4092) == b"\0\0hello\0"
h.pwrite(b"there", 100, nbd.CMD_FLAG_FUA)
h.flush()
h.cache(1 << 20, 0)
h.zero(2, 4095)
assert h.pread(5, 4094) == b"h\0\0lo"
h.zero(4096, 8192, nbd.CMD_FLAG_NO_HOLE)
h.trim(1 << 20, 0)
assert h.pread(1 << 20, 0) == bytes(1 << 20)
cookies = [h.aio_pwrite(bytearray([i]) * 4096, i * 4096) for i in range(256)]
while h.aio_in_flight():
    h.poll(-1)
assert all(h.aio_command_completed(c) for c in cookies)
assert h.pread(1 << 20, 0) == b"".join(bytes([i]) * 4096 for i in range(256))
h.set_strict_mode(0)
for bad in (lambda: h.pread(1, 1 << 20), lambda: h.pwrite(b"x", 1 << 20), lambda: h.trim(0, 0)):
    try:
        bad()
        raise SystemExit("not refused")
    except nbd.Error:
        pass
h.shutdown()
PY
nbdsh -c "port = $port" -c - <<'PY'
def claim(name):
    h = nbd.NBD()
    h.set_full_info(True)
    h.set_export_name(name)
    h.connect_tcp("127.0.0.1", str(port))
    return h
one = claim("a?claim=me")
name = one.get_canonical_export_name()
epoch = int(name.split("@")[1].split(".")[0])
assert name.startswith("a@%d." % epoch) and "epoch=%d " % epoch in one.get_export_description()
assert claim(name).pread(1, 7 * 4096) == b"\7"
try:
    claim("a?claim=you")
    raise SystemExit("a second owner")
except nbd.Error as e:
    assert "policy" in str(e), e
PY
