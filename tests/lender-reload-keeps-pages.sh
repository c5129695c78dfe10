#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A reload, or a start, whose file has a pool no more that holds pages is refused, and says how many
# they are and the way out; with drop-pool it goes. An empty one goes without.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
on_tmpfs
common="listen = 127.0.0.1:0
lend = 64M"
for kept in '' "state-dir = $state/kept"; do
    printf '%s\n' "$common" "$kept" 'pool = web=16M' 'pool = thin=16M,thin' 'pool = rev=4M,revocable' 'pool = empty=4M' \
        >"$tmp/lender.conf"
    cp "$tmp/lender.conf" "$tmp/good.conf"
    lender --config "$tmp/lender.conf"
    raw <<'PY'
for name in "web", "thin", "rev":
    c = Conn(name + "?claim=" + name)
    c.write(0, page(1) + page(2))
    c.write(2 * MIB, page(3))
PY
    without() { sed "/^pool = $1=/d" "$tmp/good.conf"; }
    for pool in web thin rev; do
        reload "$(without $pool)" "pool = ${pool}x=4M,thin"
        case $words in
        *"nothing changed: pool $pool holds 12K of pages and is no longer configured"*"drop-pool = $pool"*) ;;
        *) fail "$words" ;;
        esac
        raw $pool <<'PY'
c = Conn(sys.argv[1] + "?claim=" + sys.argv[1])
assert c.read(0, 2 * PAGE) == page(1) + page(2) and c.read(2 * MIB, PAGE) == page(3)
assert refused(sys.argv[1] + "x")[0] == UNKNOWN
PY
    done
    reload "$(without empty)"
    case $words in *'pool empty: removed, with 0 of pages'*'read again'*) ;; *) fail "$words" ;; esac
    reload "$(without empty)" 'drop-pool = web'
    case $words in *'nothing changed:'*'pool web is given as pool and as drop-pool'*) ;; *) fail "$words" ;; esac
    reload "$(without empty | sed '/^pool = rev=/d')" 'drop-pool = rev'
    case $words in *'pool rev: removed, with 12K of pages'*'read again'*) ;; *) fail "$words" ;; esac
    end_lender "$lender_pid"
done
# The same when it starts with what another one left.
start() { # LINE...
    printf '%s\n' "$common" "$kept" 'pool = thin=16M,thin' "$@" >"$tmp/lender.conf"
}
start
! timeout 20 farpaged --config "$tmp/lender.conf" 2>"$tmp/said" || fail 'it started without pool web'
grep -q 'web.pool: it holds 12 KiB of pages and is not configured; configure it, or .* drop-pool = web' \
    "$tmp/said" || fail "$(cat "$tmp/said")"
start 'drop-pool = web'
lender --config "$tmp/lender.conf"
[ ! -e "$state/kept/web.pool" ] || fail 'its pages are still there'
raw <<'PY'
assert Conn("thin?claim=thin").read(0, 2 * PAGE) == page(1) + page(2)
PY
