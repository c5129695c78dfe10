#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A reload that adds pools leaves descriptors for the owner of each, whoever connects; it is refused
# where there are not so many.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires prlimit
common='listen = 127.0.0.1:0
lend = 16M'
pools() { seq -f 'pool = p%g=4K' "$1"; }
{ echo "$common"; pools 1; } >"$tmp/lender.conf"
prlimit --nofile=300:300 --pid $$
lender --config "$tmp/lender.conf"
reload "$common" "$(pools 70)"
echo "$words" | grep -q 'nothing changed: 70 pools: .*this process may have only 300 descriptors.*raise' || fail "$words"
reload "$common" "$(pools 50)"
echo "$words" | grep -q 'warn: max-connections is 4096, but the limit of open files .*raise' || fail "$words"
raw <<'PY'
plain = []
try:
    while True:
        plain.append(Conn("p1"))
except (Refused, EOFError, ConnectionError):
    pass
print(len(plain), "plain ones")
owners = [Conn("p%d?claim=me" % n) for n in range(1, 51)]
for n, owner in enumerate(owners):
    owner.write(0, page(n))
    assert owner.read(0, PAGE) == page(n)
PY
