#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# --help and --dump-plugin tell of every parameter and fact.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit
"$FARPAGE_BUILDDIR/run" nbdkit farpage --help >"$tmp/help"
for parameter in lender pool size deadline link-timeout swap realtime; do
    grep -q "^$parameter=" "$tmp/help" || fail "--help is silent on $parameter="
done
"$FARPAGE_BUILDDIR/run" nbdkit --dump-plugin farpage >"$tmp/dump"
for fact in name=farpage farpage_version= farpage_page_bytes=4096 max_thread_model=parallel; do
    grep -q "^$fact" "$tmp/dump" || fail "--dump-plugin lacks $fact"
done
