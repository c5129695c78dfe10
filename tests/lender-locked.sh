#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Nothing of the lender can be swapped: pools, also grown and added ones, and
# the process itself, on any thread.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires setpriv
sanitized && { echo "SKIPPED: with ASan mlock() does nothing" >&2; exit 77; }
setpriv --dump | grep -q '^Effective capabilities:.*\(ipc_lock\|full\)' || {
    [ "$(id -u)" = 0 ] && setpriv --dump | grep -qv '^Capability bounding set:.*ipc_lock'
} || { echo "SKIPPED: may not lock memory" >&2; exit 77; }
common='listen = 127.0.0.1:0
lend = 64M
threads = 3'
printf '%s\n' "$common" 'pool = a=16M' 'pool = t=8M,thin' >"$tmp/lender.conf"
lender --config "$tmp/lender.conf"
all_locked() {
    raw "$lender_pid" "$@" <<'PY'
pools = {n: int(size) * MIB for n, size in (x.split("=") for x in sys.argv[2:])}
for name, size in pools.items():
    Conn(name).write(size - 3 * PAGE, page(1) * 3)
maps, loose = {}, []  # what may be dropped ("dp", random numbers of the C library) is never swapped
with open("/proc/%s/smaps" % sys.argv[1]) as f:
    for line in f:
        field = line.split()
        if not field[0].endswith(":"):
            name = field[5] if len(field) > 5 else ""
            start, end = (int(x, 16) for x in field[0].split("-"))
            rwx, rss = field[1], 0
        elif field[0] == "Rss:":
            rss = int(field[1])
        elif field[0] == "VmFlags:":
            if "memfd:farpage" in name:
                maps.setdefault(end - start, []).append("lo" in field)
            if "lo" not in field and "dp" not in field and rwx[0] == "r" and name not in ("[vvar]", "[vsyscall]", "[vdso]",
                                                                              "[vvar_vclock]"):
                loose.append((name, rwx, rss))
assert sorted(maps) == sorted(set(pools.values())), (maps, pools)
assert all(all(x) for x in maps.values()), "a pool is not locked: %s" % maps
assert not [x for x in loose if x[2]], loose
PY
}
all_locked a=16 t=8
reload "$common" 'pool = a=17M' 'pool = t=9M,thin' 'pool = new=1M'
all_locked a=17 t=9 new=1
grep -i 'cannot lock' "$tmp/lender.log" && fail "it says that it is not"
exit 0
