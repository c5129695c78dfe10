#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A lender's address leads to another one's pool: it is not claimed, both are named, no page of
# the other is touched, and it is used when the address is its own again.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit nbdsh
lead() {
    ln -sfn "$tmp/$1.sock" "$tmp/new"
    mv -T "$tmp/new" "$tmp/moves.sock"
}
lender --listen "unix:$tmp/a.sock" --lend 128M --pool a=128M
lead a

! "$FARPAGE_BUILDDIR/run" nbdkit -f -U - farpage "lender=unix:$tmp/a.sock" \
    "lender=unix:$tmp/moves.sock" swap=false --run true 2>"$tmp/words" || fail "one pool twice"
grep -q "lender unix:$tmp/moves.sock: its pool is that of lender unix:$tmp/a.sock" "$tmp/words" ||
    fail "$(cat "$tmp/words")"

lender --listen "unix:$tmp/b.sock" --lend 128M --pool a=128M
second=$lender_pid
lead b
borrower "lender=unix:$tmp/a.sock" "lender=unix:$tmp/moves.sock" copies=1 size=256M seal=off \
    deadline=5000
cat >"$tmp/all.py" <<'EOF2'
def put_all(h, letter):
    lost = 0
    for e in range(4):
        for i in range(8):
            try: h.pwrite(letter * 4000 + b"%095d." % (e * 8 + i), (e << 26) + i * 4096)
            except nbd.Error: lost += 1
    return lost
def wrong(h, letter):
    lost = 0
    for e in range(4):
        for i in range(8):
            try: got = h.pread(4096, (e << 26) + i * 4096)
            except nbd.Error: lost += 1; continue
            if got != letter * 4000 + b"%095d." % (e * 8 + i): raise SystemExit("page %d of %d: %r" % (i, e, got[3990:]))
    return lost
EOF2
{ cat "$tmp/all.py"; echo 'assert put_all(h, b"a") == 0 and wrong(h, b"a") == 0'; } |
    nbdsh_at "nbd+unix:///?socket=$sock"
kill -STOP "$second"
lead a
kill -KILL "$second"
wait_for 20 warned "lender unix:$tmp/moves.sock leads to the pool of lender unix:$tmp/a.sock"
{ cat "$tmp/all.py"; echo 'lost = put_all(h, b"b"); assert wrong(h, b"b") == lost, lost'; } |
    nbdsh_at "nbd+unix:///?socket=$sock"

lender --listen "unix:$tmp/c.sock" --lend 128M --pool a=128M
lead c
wait_for 20 warned "lender unix:$tmp/moves.sock is back"
{ cat "$tmp/all.py"; echo 'assert put_all(h, b"c") == 0 and wrong(h, b"c") == 0'; } |
    nbdsh_at "nbd+unix:///?socket=$sock"
