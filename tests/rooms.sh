#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A room includes only what is below it, and no module includes itself by way of others; but for what
# rooms.known has, which must still be so.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
found() { /usr/bin/python3 "$FARPAGE_SRCDIR/tests/rooms.py" "${1-$FARPAGE_SRCDIR}"; }
found >"$tmp/found"
grep -v '^#' "$FARPAGE_SRCDIR/tests/rooms.known" | diff - "$tmp/found" >"$tmp/changed" ||
    fail "new (>), or no longer so and to be taken out of rooms.known (<): $(cat "$tmp/changed")"
# It sees what it is for.
mkdir "$tmp/tree"
(cd "$FARPAGE_SRCDIR" && cp -r common store nbd server client program face front plugin "$tmp/tree")
echo '#include "farpage.h"' >>"$tmp/tree/common/size.c"
sed -i '1i #include "flat.h"' "$tmp/tree/store/store.h"
found "$tmp/tree" >"$tmp/broken"
grep -qx 'up: common/size.c client/include/farpage.h' "$tmp/broken" || fail 'a step up was not seen'
grep -qx 'circle: store/flat store/store' "$tmp/broken" || fail 'a circle was not seen'
