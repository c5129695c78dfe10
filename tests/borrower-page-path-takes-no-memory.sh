#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Once running, what a page passes through allocates nothing, maps nothing and takes no
# page fault, sealed and with two copies: OPS more requests cost no more of it than few do.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit nbdinfo
if sanitized; then echo 'SKIP: a sanitizer takes memory itself' && exit 77; fi
lender --lend 512M --pool a=128M
first=127.0.0.1:$port
lender --lend 512M --pool a=128M
unset MALLOC_CHECK_ MALLOC_PERTURB_
export COUNTCALLS="$tmp/calls" LD_PRELOAD="$FARPAGE_BUILDDIR/tests/.libs/countcalls.so"
# A busy machine is not a lender that is away: connecting anew takes memory.
borrower "lender=$first" "lender=127.0.0.1:$port" size=64M link-timeout=30000 deadline=60000
unset COUNTCALLS LD_PRELOAD

# By all threads but the one that asks the lenders once a second how they are.
counted() {
    watcher=$(grep -slx farpage-watch /proc/"$borrower_pid"/task/*/comm | cut -d/ -f5)
    od -An -v -w16 -tu8 "$tmp/calls" | awk -v watcher="${watcher:-none}" '$1 != watcher { n += $2 } END { print n }'
}
faults() { sed 's/.*) //' "/proc/$borrower_pid/stat" | cut -d' ' -f8,10 | tr ' ' +; }

# load OPS MODE: sets $calls and $pages, what the load cost in requests for memory and in faults.
load() {
    calls=$(counted) pages=$(($(faults)))
    nbdload --size 64M --mode "$2" --depth 16 --ops "$1" "unix:$sock" >"$tmp/load"
    calls=$(($(counted) - calls)) pages=$(($(faults) - pages))
}

[ "$(counted)" -gt 100 ] || fail "nothing was counted: $(counted)"
nbdload --size 64M --fill --ops 20000 "unix:$sock" >"$tmp/load"
for mode in write read; do
    load 2000 $mode
    load 2000 $mode
    few_calls=$calls few_pages=$pages
    load "${OPS:-50000}" $mode
    # A connection has 16 threads of its own, and not each of them has had work after few requests.
    [ $((calls - few_calls)) -le 32 ] || fail "$mode: $calls requests for memory, $few_calls for few"
    [ $((pages - few_pages)) -le 32 ] || fail "$mode: $pages page faults, $few_pages for few"
done
