#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What plants bugs still does: each has its place in the sources of today, and one is built and found.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires make cc
MAKEFLAGS='' make -C "$FARPAGE_BUILDDIR" check-planted PLANTED='--only "put: a copy that refused" --seeds 500' >"$tmp/said" 2>&1 ||
    fail "$(tail -5 "$tmp/said")"
grep -q '^1 of 1 found' "$tmp/said" || fail "$(tail -5 "$tmp/said")"
