#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Threads that get into each other's way, on every kind of link: nothing fails, no byte is wrong, and
# nobody sleeps on what has happened. ThreadSanitizer runs this too (check --long).
time_limit=300
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
seconds=${STRESS_SECONDS-3}
stress() { # words threads option...
    words=$1
    shift
    "$FARPAGE_BUILDDIR/tests/pagestress" "$seconds" "$@" >"$tmp/said" 2>&1 || fail "$words: $(cat "$tmp/said")"
    echo "$words: $(cat "$tmp/said")"
}
stress 'in this process' 4
stress 'in this process, many threads' 16
lender --lend 64M --pool a=64M --listen "unix:$tmp/lender.sock" --listen 127.0.0.1:0
stress 'plain' 16 "lender=127.0.0.1:$port"
first=$port
lender --lend 64M --pool b=64M
stress 'two copies' 16 "lender=127.0.0.1:$first" "lender=127.0.0.1:$port"
# It has room for a few pages only.
lender --lend 1M --pool c=64M,thin
fallocate -l 128M "$tmp/spill"
stress 'with a spill' 16 "lender=127.0.0.1:$port" "spill=$tmp/spill"
if command -v psktool >/dev/null && farpaged --check-config --tls-psk /dev/null 2>&1 | grep -vq 'without GnuTLS'; then
    psktool -u web -p "$tmp/keys" >/dev/null 2>&1
    chmod o= "$tmp/keys"
    lender --lend 64M --pool d=64M,owner=web --tls-psk "$tmp/keys"
    stress 'TLS' 16 "lender=127.0.0.1:$port" "tls-psk=$tmp/keys" tls-username=web
fi
