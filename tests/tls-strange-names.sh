#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A certificate's name is what it has, whatever stands in it: it opens the pools of that owner,
# and no others; and it adds no line to the log.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires certtool nbdinfo
with_tls
authority "$tmp/ca"
certificate "$tmp/ca" "$tmp/lender" server lender
named() { certificate "$tmp/ca" "$tmp/$1" client "$2"; } # DIR NAME
long=$(printf %064d 0 | tr 0 +)
named plus 'web+db'
named long "$long"
named comma 'Doe, J.'
named hash '#0c0378'
named marks '<b>;=c'
named edges ' a '
named utf8 'Jürgen'
named eve 'eve
farpaged: pool db: removed'
cat >"$tmp/lender.conf" <<CONF
listen = 127.0.0.1:0
tls-certificates = $tmp/lender
lend = 64M
pool = all=1M
pool = plus=1M,owner=web+db
pool = escaped=1M,owner=web\\+db
pool = long=1M,owner=$long
pool = comma=1M,owner=Doe\\, J.
pool = hash=1M,owner=#0c0378
pool = marks=1M,owner=<b>;=c
pool = utf8=1M,owner=Jürgen
CONF
lender --config "$tmp/lender.conf"
opens() { nbdinfo --size "nbds://127.0.0.1:$port/$2?tls-certificates=$tmp/$1" >"$tmp/said" 2>&1; }
for who in plus long comma hash marks utf8 edges eve; do
    opens $who all || fail "$who is not let in: $(cat "$tmp/said")"
    for pool in plus long comma hash marks utf8 escaped; do
        if [ $who = $pool ]; then
            opens $who $pool || fail "$who cannot open its pool: $(cat "$tmp/said")"
        else
            ! opens $who $pool || fail "$who opens $pool"
        fi
    done
done
! grep -x 'farpaged: pool db: removed' "$tmp/lender.log" || fail 'a line is forged'
grep -q 'is eve\\x0afarpaged: pool db: removed$' "$tmp/lender.log" || fail "$(grep eve "$tmp/lender.log")"
grep -q 'is Jürgen$' "$tmp/lender.log" || fail "$(grep rgen "$tmp/lender.log")"
