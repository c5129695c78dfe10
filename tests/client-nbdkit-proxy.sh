#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nbdkit's own nbd plugin in front of a pool is the same pool.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit nbdcopy
nbdkit --dump-plugin nbd >/dev/null 2>&1 || { echo "SKIPPED: no nbdkit-nbd-plugin" >&2; exit 77; }
lender --lend 64M --pool a=64M
dd if=/dev/urandom of="$tmp/in" bs=1M count=64 status=none
# shellcheck disable=SC2016 # $uri is nbdkit's
in=$tmp/in nbdkit -U - nbd "nbd://127.0.0.1:$port/a" --run 'nbdcopy "$in" "$uri" && nbdcopy "$uri" - | cmp - "$in"'
nbdcopy "nbd://127.0.0.1:$port/a" - | cmp - "$tmp/in"
