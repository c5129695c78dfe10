#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Somebody else owned the pool for a while: its pages are lost, though the lender never
# lost its memory, and the loser does not come back to a pool that it does not have alone.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit nbdinfo
lender --lend 16M --pool a=8M
borrower "lender=127.0.0.1:$port" deadline=3000
cat >"$tmp/usurp.py" <<'EOF'
def open_as(name):
    u = nbd.NBD()
    u.set_export_name(name)
    u.connect_tcp("127.0.0.1", sys.argv[2])
    return u

def lost():
    try:
        h.pread(4096, 0)
        return False
    except nbd.Error as e:
        assert e.errnum == 5, e
        return True

h.pwrite(page(b"a"), 0)
u = open_as("a?claim=usurper&force")
# Its own link is refused while the usurper is there: EIO, in time.
assert lost()
u.pwrite(b"wrong" + bytes(4091), 0)
u.shutdown()
assert lost(), "another owner's page came back"
try:
    h.pwrite(page(b"b"), 0)
    raise SystemExit("it went on in another's pool")
except nbd.Error as e:
    assert e.errnum == 5, e
assert lost()
EOF
nbdsh_at "nbd+unix:///?socket=$sock" "$port" <"$tmp/usurp.py"
