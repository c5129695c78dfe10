#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nbdcopy in both directions, over several connections, on both kinds of socket,
# and from one pool into another.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdcopy
lender --threads 2 --lend 200M --pool a=64M --pool b=64M --listen 127.0.0.1:0 --listen "unix:$tmp/sock"
dd if=/dev/urandom of="$tmp/in" bs=1M count=64 status=none
nbdcopy --connections 4 "$tmp/in" "nbd://127.0.0.1:$port/a"
nbdcopy --connections 4 "nbd+unix:///a?socket=$tmp/sock" "nbd://127.0.0.1:$port/b"
nbdcopy --connections 3 --request-size 65536 "nbd://127.0.0.1:$port/b" "$tmp/out"
cmp "$tmp/in" "$tmp/out"
nbdcopy --synchronous "nbd+unix:///a?socket=$tmp/sock" - | cmp - "$tmp/in"
