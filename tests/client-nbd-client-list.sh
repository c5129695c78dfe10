#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nbd-client's list shows the pools as well.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
PATH=$PATH:/usr/sbin:/sbin
requires nbd-client
lender --lend 64M --pool first=48K --pool second=1M,thin --pool third=12M
nbd-client -l 127.0.0.1 "$port" >"$tmp/list"
printf '%s\n' first second third >"$tmp/want"
grep -v Negotiation "$tmp/list" | cmp - "$tmp/want" || fail "it shows $(cat "$tmp/list")"
