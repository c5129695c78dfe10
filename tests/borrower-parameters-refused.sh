#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Each wrong parameter is refused in words that say what was wrong.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit
lender --lend 16M --pool a=8M --pool b=8M
# WORDS PARAMETER...
refused() {
    words=$1
    shift
    if "$FARPAGE_BUILDDIR/run" nbdkit -f -U "$tmp/none" farpage "$@" --run true 2>"$tmp/err"; then
        fail "accepted: $*"
    fi
    grep -q -- "$words" "$tmp/err" || fail "farpage $*: $(cat "$tmp/err")"
}
l=lender=127.0.0.1:$port
refused "where do pages go"
refused "not a multiple of 4096\|multiple of 4096" size=5000
refused "multiple of 4096" size=0
refused "multiple of 4096" size=lots
refused "unknown parameter 'colour'" size=1M colour=red
refused "needs lender=" size=1M pool=a
refused "a pool.s name has" "$l" pool=a/b
refused "pool=: write the name of a pool" "$l" pool=
refused "there is no pool nosuch" "$l" pool=nosuch
refused "more than the pool has" "$l" pool=a size=16M
refused "is given twice" "$l" "$l"
refused "for TLS write nbd://" lender=nbds://127.0.0.1
refused "names pool b" "lender=nbd://127.0.0.1:$port/b" pool=a
refused "write HOST" lender=a:b:c
refused "write HOST" lender=http://127.0.0.1
refused "write HOST" "lender=127.0.0.1:0x50"
refused "cannot resolve" lender=no-such-host.invalid
refused "write milliseconds" "$l" deadline=3
refused "deadline" "$l" deadline=soon
refused "write milliseconds" "$l" link-timeout=99999999
for timeout in 2000 3000; do refused "less than deadline=2000" "$l" deadline=2000 link-timeout=$timeout; done
refused "less than deadline=30000" "$l" link-timeout=30000
refused "full path" lender=unix:relative/socket
refused "full path" 'lender=nbd+unix:///a?socket=socket'
refused "write yes or no" "$l" swap=perhaps
refused "Connection refused" lender=127.0.0.1:1
nbdkit -U "$tmp/memory" memory 8M --run "
    ! '$FARPAGE_BUILDDIR/run' nbdkit -f -U '$tmp/none' farpage lender=unix:\$unixsocket --run true 2>'$tmp/err'"
grep -q "not a farpaged" "$tmp/err" || fail "took a stock server for a lender: $(cat "$tmp/err")"
