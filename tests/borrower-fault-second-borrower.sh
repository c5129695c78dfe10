#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A second borrower claims the pool of one lender: that lender is never used again, and others have its
# copies. It claims all of them: EIO, for good, and no byte of the other's.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/faults.sh"
farm
usurp() { # I
    port=$(port_of "$1")
    raw <<'PY'
c = Conn("a?claim=usurper&force")
c.write(0, b"wrong" * 4096)
c.close()
PY
}
victim=$(holder 1)
usurp "$victim"
within 20 "lender $victim was claimed by another: two copies without it" whole_without "$victim"
verdict 500
opened=$(grep -c 'opens pool a' "$tmp/$victim/lender.log")
for i in 1 2 3; do [ $i = "$victim" ] || redundant_without="${redundant_without-} $i"; done
copy all || fail 'a page cannot be read'
for i in $redundant_without; do
    fault_at "$i" refuse
    fault_at "$i" drop
    copy without || fail "a page is only with lender $i"
    cmp "$tmp/all" "$tmp/without" || fail "without lender $i pages are others"
    fault_at "$i" calm
    wait_for 10 connected "$i"
done
[ "$(grep -c 'opens pool a' "$tmp/$victim/lender.log")" = "$opened" ] || fail 'it came back to it'
for i in $redundant_without; do usurp "$i"; done
nbdsh_at "nbd+unix:///?socket=$sock" <<'PY'
import time
end = time.monotonic() + 8
while time.monotonic() < end:
    for what in (lambda: h.pread(4096, 0)), (lambda: h.pwrite(page(b"a"), 0)):
        try:
            what()
            raise SystemExit("it went on with another's pools")
        except nbd.Error as e:
            assert e.errnum == 5, e
PY
