#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A reload adds no pool, and lets none grow, for whose pages the tmpfs of the state-dir has no room: what
# is reserved there is to be had. What a pool holds that goes is room for another, and thin ones are promised nothing.
[ -n "${OWN_MOUNTS-}" ] || ! unshare -m true 2>/dev/null || OWN_MOUNTS=yes exec unshare -m "$0" "$@"
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
small_tmpfs 80M "$tmp/small"
common="listen = 127.0.0.1:0
lend = 64M
keep-free = 0
state-dir = $tmp/small/p"
printf '%s\n' "$common" 'pool = a=16M' >"$tmp/lender.conf"
lender --config "$tmp/lender.conf"
head -c 40M /dev/zero >"$tmp/small/others" # 40 MiB are left for us
raw <<'PY'
Conn("a").write(0, random.randbytes(8 * MIB))
PY
refused() { # POOL LINE...
    want=$1
    shift
    reload "$common" "$@"
    echo "$words" | grep -q "nothing changed: pool $want: it would not fit into the tmpfs of state-dir" || fail "$*: $words"
}
done_well() { # LINE...
    reload "$common" "$@"
    echo "$words" | grep -q 'configuration read again$' || fail "$*: $words"
}
refused b 'pool = a=16M' 'pool = b=25M'
refused a 'pool = a=48M'
refused b 'pool = a=24M' 'pool = b=16M'
done_well 'pool = a=16M' 'pool = thin=48M,thin' 'pool = revocable=32M,revocable'
done_well 'pool = a=16M' 'pool = b=23M'
raw <<'PY'
b = Conn("b?claim=me")
for n in range(23):
    b.write(n * MIB, random.randbytes(MIB))
PY
# Renamed, with its pages; these are still being freed when another one comes.
done_well 'pool = a=16M' 'pool = c=23M' 'drop-pool = b'
done_well 'pool = a=16M' 'pool = c=23M'
raw <<'PY'
a, c = Conn("a?claim=me"), Conn("c?claim=me")
for n in range(16):
    a.write(n * MIB, random.randbytes(MIB))
for n in range(23):
    c.write(n * MIB, random.randbytes(MIB))
PY
# There is none, and what asks for none is done.
head -c 8M /dev/zero >>"$tmp/small/others" || true
done_well 'pool = a=16M' 'pool = c=23M' 'dead-after = 60'
refused c 'pool = a=16M' 'pool = c=30M'
