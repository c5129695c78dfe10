#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# SIGHUP reads the config again: pools are added, grown and removed, under
# clients that go on; pages stay where they are.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdinfo
common='listen = 127.0.0.1:0
lend = 64M'
printf '%s\n' "$common" 'pool = a=1M' 'pool = b=2M' 'pool = t=4M,thin' >"$tmp/lender.conf"
lender --config "$tmp/lender.conf"
pools() { nbdinfo --list --json "nbd://127.0.0.1:$port" | sed -n 's/.*"export-name": "\(.*\)".*/\1/p; s/.*"export-size": \([0-9]*\).*/\1/p' | tr '\n' ' '; }
pools_are() { [ "$(pools)" = "$1" ] || fail "pools are $(pools), not $1"; }
pools_are "a 1048576 b 2097152 t 4194304 "
raw "$tmp/go" >"$tmp/python" <<'PY' &
witnesses = [Witness(x, 0, 256) for x in "at"]
for w in witnesses:
    w.progress(100)
before = {x: Conn(x).about["incarnation"] for x in "at"}
open(sys.argv[1], "w").close()
wait_for(lambda: not os.path.exists(sys.argv[1]), 60)
for w, x, size in zip(witnesses, "at", (3 * MIB, 8 * MIB)):
    w.finish()
    c = Conn(x)
    assert c.size == size and c.about["incarnation"] == before[x], (c.size, c.about)
    n = (w.ops - 1) % 256
    assert c.read(n * PAGE, PAGE) == page(n, w.ops - 1)
    assert c.read(MIB * 3 - PAGE, PAGE) == bytes(PAGE)
    c.write(size - PAGE, page(9))
    assert c.read(size - PAGE, PAGE) == page(9)
PY
python=$!
wait_for 20 test -e "$tmp/go"
added() {
    reload "$common" "$@"
    case $words in *"read again"*) ;; *) fail "$words" ;; esac
}
added 'pool = a=1M' 'pool = b=2M' 'pool = t=4M,thin' 'pool = c=8K'
pools_are "a 1048576 b 2097152 t 4194304 c 8192 "
added 'pool = a=3M' 'pool = b=2M' 'pool = t=8M,thin' 'pool = c=8K'
pools_are "a 3145728 b 2097152 t 8388608 c 8192 "
added 'pool = a=3M' 'pool = t=8M,thin'
pools_are "a 3145728 t 8388608 "
# What was given back can be lent again; 1M of t and a page are in use.
added 'pool = a=3M' 'pool = t=8M,thin' 'pool = d=59M'
pools_are "a 3145728 t 8388608 d 61865984 "
rm "$tmp/go"
wait $python || fail "$(cat "$tmp/python")"
