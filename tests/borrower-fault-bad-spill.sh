#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# All lenders are gone, and the spill fails: it has no room, is cut short, or holds other bytes than
# were written. EIO, in time, and never a wrong byte; and it may recover.
own_mounts=yes
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/faults.sh"
disk 100
fallocate -l 80M "$tmp/disk/spill"
farm spill="$tmp/disk/spill"
spoil() { # KIND
    case $1 in
    full)
        fallocate --punch-hole -o 4096 -l 80M "$tmp/disk/spill"
        ! dd if=/dev/zero of="$tmp/disk/rest" bs=1M 2>/dev/null
        ;;
    short) truncate -s 5000001 "$tmp/disk/spill" ;;
    torn)
        for n in $(seq 0 50); do # halves of pages
            dd if=/dev/urandom of="$tmp/disk/spill" bs=2048 count=1 seek=$((1025 + n * 150)) conv=notrunc 2>/dev/null
        done
        ;;
    esac
}
mend() { rm -f "$tmp/disk/rest" && fallocate -l 80M "$tmp/disk/spill"; }
# tries GENERATION OLDER: pages of the one are read, or not; pages of the other written, or not. Prints
# how many could not be.
tries() {
    nbdsh_at "nbd+unix:///?socket=$sock" "$span" "$@" <<'PY'
import time
base, new, old = (int(a) for a in sys.argv[2:5])
end, errors, written = time.monotonic() + 6, 0, []
def text(generation, n):
    return page(b"%c" % (65 + (generation * 7 + n) % 26))
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
PY
}
for _ in $(seq "$repeat"); do
    for kind in full short torn; do
        all_at refuse
        all_at drop
        [ "$(tries 1 0)" = 0 ] || fail 'the spill did not take what it has room for'
        spoil $kind
        errors=$(tries 2 1)
        [ "$errors" -gt 0 ] || fail "nothing was wrong with a spill that is $kind"
        mend
        all_at calm
        wait_for 10 all_connected
        within 20 "the spill was $kind, $errors errors: two copies" whole
        [ "$(tries 3 0)" = 0 ] || fail 'what could not be put then cannot be put now'
    done
done
verdict $((2 * deadline + 1000)) errors
load
verdict 1000
redundant
