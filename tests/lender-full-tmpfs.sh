#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Others fill the tmpfs of the state-dir: pages that find no room are ENOSPC, those that are there can be
# put and got, and the lender lives. A pool that is made there then is refused in words.
[ -n "${OWN_MOUNTS-}" ] || ! unshare -m true 2>/dev/null || OWN_MOUNTS=yes exec unshare -m "$0" "$@"
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
small_tmpfs 64M "$tmp/full"
common='listen = 127.0.0.1:0
lend = 48M
keep-free = 0
threads = 2
pool = a=32M'
printf '%s\n' "$common" "state-dir = $tmp/full/p" 'pool = far=64G,thin' >"$tmp/lender.conf"
lender --config "$tmp/lender.conf"
raw "$tmp/full/others" <<'PY'
a, far = Conn("a?claim=me"), Conn("far?claim=me")
for n in range(0, 1000, 2):
    a.write(n * PAGE, page(n))
try:
    with open(sys.argv[1], "wb", buffering=0) as f:
        while f.write(bytes(PAGE)):
            pass
except OSError:
    pass
for n in range(1, 1000, 2):
    assert a.error(WRITE, n * PAGE, PAGE, 0, page(n)) == ENOSPC, n
    assert a.error(WRITE, n * PAGE + 5, 3, 0, b"abc") == ENOSPC, n
    assert a.error(ZERO, n * PAGE, PAGE, NO_HOLE) == ENOSPC, n
# Not even what says which pages are there may need more memory than it has.
for at in range(0, far.size, 97 * MIB):
    assert far.read(at, PAGE) == bytes(PAGE)
    assert far.error(WRITE, at, PAGE, 0, page(1)) == ENOSPC
for n in range(1000):
    assert a.read(n * PAGE, PAGE) == (bytes(PAGE) if n % 2 else page(n)), n
a.write(0, page(7))
a.trim(2 * PAGE, PAGE)
a.write(PAGE, page(8))
assert a.read(0, 3 * PAGE) == page(7) + page(8) + bytes(PAGE)
assert int(Conn("a").about["used"]) == 500 * PAGE
PY
kill -0 "$lender_pid" || fail "the lender is dead"
reload "$common" "state-dir = $tmp/full/p" 'pool = far=64G,thin' 'pool = new=4G,thin'
echo "$words" | grep -q 'error: pool new: no memory for 4096 MiB: .*tmpfs' || fail "$words"
wait_for 20 grep -q 'the kernel gives no more memory' "$tmp/lender.log"
