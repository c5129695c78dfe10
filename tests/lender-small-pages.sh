#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A page costs a page, and is given back when it is trimmed, also where the state-dir's tmpfs makes
# huge pages; if it makes them all the same, the lender does not start and says what to do.
[ -n "${OWN_MOUNTS-}" ] || ! unshare -m true 2>/dev/null || OWN_MOUNTS=yes exec unshare -m "$0" "$@"
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
mkdir "$tmp/huge"
{ [ -n "${OWN_MOUNTS-}" ] && mount -t tmpfs -o huge=always,size=1G,mode=700 huge "$tmp/huge"; } 2>/dev/null || {
    echo 'SKIPPED: no tmpfs with huge pages' >&2
    exit 77
}
cleanup "umount $tmp/huge"
taken() { echo $((($(stat -f -c '%b - %f' "$tmp/huge")) * 4)); }
lender --state-dir "$tmp/huge/p" --lend 256M --pool a=256M
empty=$(taken)
[ "$empty" -le 128 ] || fail "an empty pool takes $empty KiB"
scatter() {
    raw "$@" <<'PY'
what, step = sys.argv[1], int(sys.argv[2])
c = Conn("a?claim=me")
for at in range(0, 256 * MIB, step):
    (c.write(at, page(1)) if what == "put" else c.trim(at, PAGE))
PY
}
for step in 2097152 65536; do
    scatter put $step
    put=$(($(taken) - empty))
    scatter trim $step
    left=$(($(taken) - empty))
    echo "pages every $step bytes: $put KiB, and $left after TRIM"
    if [ $put -gt $((268435456 * 4 / step + 64)) ] || [ $left -gt 64 ]; then fail "that is not what was put"; fi
done
end_lender "$lender_pid"
sanitized && exit 0
export LD_PRELOAD="$FARPAGE_BUILDDIR/tests/.libs/hugepages.so"
farpaged --listen 127.0.0.1:0 --state-dir "$tmp/huge/q" --lend 256M --pool a=256M 2>"$tmp/said" &&
    fail "it started: $(cat "$tmp/said")"
grep -q 'error: pool a: .*huge pages.*huge=never' "$tmp/said" || fail "$(cat "$tmp/said")"
