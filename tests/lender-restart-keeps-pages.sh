#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# With --state-dir the next farpaged has all that the last one had: the same
# incarnation, epochs, owner, and the pages, whether it ended or was killed. A
# pool may grow meanwhile, and one that is removed is gone.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
on_tmpfs
lender --lend 64M --pool a=16M --pool b=4M,thin --state-dir "$state/new"
first_port=$port
raw "$tmp/about" <<'PY'
a = Conn("a?claim=me")
for n in range(0, 4096, 3):
    a.write(n * PAGE, page(n))
a.write(100 * PAGE + 512, b"part")
a.trim(300 * PAGE, 300 * PAGE)
b = Conn("b")
b.write(PAGE, page(1, 1))
with open(sys.argv[1], "w") as f:
    print(a.name, Conn("a").outlives, Conn("b").outlives, sep="\n", file=f)
PY
size=16M
for how in TERM KILL INT KILL; do
    kill -$how "$lender_pid"
    wait "$lender_pid" || [ $how = KILL ] || fail "SIG$how: status $?"
    [ $how != INT ] || size=20M
    lender --listen "127.0.0.1:$first_port" --lend 64M --pool a="$size" --pool b=4M,thin \
        --state-dir "$state/new"
    grep -q 'pool a: .*kept pages: 5068K' "$tmp/lender.log" || fail "it does not say what it kept"
    raw "$tmp/about" "$size" <<'PY'
with open(sys.argv[1]) as f:
    name, *abouts = f.read().splitlines()
abouts = [eval(x) for x in abouts]
abouts[0]["size"] = str(int(sys.argv[2][:-1]) * MIB)
assert [Conn(x).outlives for x in "ab"] == abouts, ([Conn(x).outlives for x in "ab"], abouts)
assert refused(name)[0] == POLICY, "who is let in by it is forgotten"
a = Conn("a")
for n in range(4096):
    want = page(n) if n % 3 == 0 and not 300 <= n < 600 else bytes(PAGE)
    if n == 100:
        want = bytes(512) + b"part" + bytes(PAGE - 516)
    assert a.read(n * PAGE, PAGE) == want, n
assert Conn("b").read(0, 3 * PAGE) == bytes(PAGE) + page(1, 1) + bytes(PAGE)
PY
done
raw <<'PY'
before = Conn("a")
a = Conn("a?claim=me")
assert refused("a?claim=you")[0] == POLICY
assert a.epoch == before.epoch + 1 and a.about["since"] == before.about["since"]
other = Conn("a?claim=you&force")
assert int(other.about["since"]) == other.epoch > a.epoch
PY
# A pool that the file takes away goes for good.
end_lender "$lender_pid"
{
    printf 'listen = 127.0.0.1:%s\nlend = 64M\nstate-dir = %s\n' "$first_port" "$state/new"
    printf 'pool = a=20M\npool = b=4M,thin\n'
} >"$tmp/lender.conf"
lender --config "$tmp/lender.conf"
reload "$(sed '/b=4M/d' "$tmp/lender.conf")" 'drop-pool = b'
[ ! -e "$state/new/b.pool" ] || fail "a removed pool is kept"
reload "$(sed /drop-pool/d "$tmp/lender.conf")" 'pool = b=4M'
[ "$(used b)" = 0 ] || fail "a removed pool came back"
reload "$(sed 's|new$|other|' "$tmp/lender.conf")"
case $words in *"state-dir cannot change"*) ;; *) fail "$words" ;; esac
