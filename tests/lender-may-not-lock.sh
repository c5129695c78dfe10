#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Without the right to lock memory (root in a container, a small limit) it says
# so, and works all the same: threads, clients, pools that come later.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires setpriv prlimit
sanitized && { echo "SKIPPED: with ASan mlock() does nothing" >&2; exit 77; }
[ "$(id -u)" = 0 ] || { echo "SKIPPED: not root" >&2; exit 77; }
common='listen = 127.0.0.1:0
lend = 64M
threads = 4
pool = a=1M'
real=$(command -v farpaged)
mkdir "$tmp/bin"
PATH=$tmp/bin:$PATH
for limit in 0 65536 8388608 2147483648; do
    prlimit --memlock=$limit true || continue
    cat >"$tmp/bin/farpaged" <<SH
#!/bin/sh
exec setpriv --bounding-set=-ipc_lock --inh-caps=-ipc_lock \
    prlimit --memlock=$limit "$real" "\$@"
SH
    chmod +x "$tmp/bin/farpaged"
    echo "$common" >"$tmp/lender.conf"
    lender --config "$tmp/lender.conf"
    reload "$common" 'pool = later=32M'
    raw <<'PY' || fail "with a limit of $limit bytes"
conns = [Conn(x) for x in ("a", "later") * 8]
for i, c in enumerate(conns):
    c.write(i * PAGE, page(i))
    c.s.sendall(request(READ, i * PAGE, PAGE) * 2000)
for i, c in enumerate(conns):
    for _ in range(2000):
        assert c.reply(PAGE) == page(i)
Conn("later").write(0, random.randbytes(32 * MIB))
PY
    # What the limit has room for is locked.
    [ $limit -lt 8388608 ] || raw "$lender_pid" <<'PY' || fail "with a limit of $limit bytes a pool of 1 MiB is not locked"
ours = found = False
with open("/proc/%s/smaps" % sys.argv[1]) as f:
    for line in f:
        field = line.split()
        if not field[0].endswith(":"):
            start, end = (int(x, 16) for x in field[0].split("-"))
            ours = "memfd:farpage" in line and end - start == MIB
        elif field[0] == "VmFlags:" and ours:
            found = True
            assert "lo" in field
assert found
PY
    grep -q 'cannot lock' "$tmp/lender.log" ||
        fail "with a limit of $limit bytes, not a word that 32 MiB are not locked"
    end_lender "$lender_pid"
done
