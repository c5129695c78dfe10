#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# One lender's name is not known, and the others start. It is looked up again, and its lender is used
# then. In the file of lenders, too.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/names.sh"
requires nbdkit nbdinfo
lenders 3 --lend 64M --pool a=64M
list "third:$port3"
borrower "lender=127.0.0.1:$port1" "lender=second:$port2" lenders="$tmp/lenders" size=64M copies=3
warned "cannot open the pool of lender second:$port2: cannot resolve second: .*; nor that of lender third:$port3: cannot" ||
    fail "not told: $(cat "$tmp/borrower.log")"
nbdsh_at "nbd+unix:///?socket=$sock" <<'PY'
for i in range(256):
    h.pwrite(page(b"%c" % (65 + i % 26)), i * 4096)
PY
names '127.0.0.1 second third'
all_used() { [ "$(used_at "$port2" a)" = 1048576 ] && [ "$(used_at "$port3" a)" = 1048576 ]; }
wait_for 40 all_used

# And one that is added.
list "third:$port3" "fourth:$port1"
wait_for 20 warned "lender fourth:$port1 is not added yet: cannot resolve fourth: "
names '127.0.0.1 second third fourth'
wait_for 40 warned "lender fourth:$port1 is not added yet: its pool is that of lender 127.0.0.1:$port1"

# Alone, it is not enough to begin with.
if "$FARPAGE_BUILDDIR/run" nbdkit -U - farpage lender=nobody size=1M --run true 2>"$tmp/words"; then
    fail 'it began without a lender'
fi
grep -q 'lender nobody: cannot resolve nobody' "$tmp/words" || fail "$(cat "$tmp/words")"
