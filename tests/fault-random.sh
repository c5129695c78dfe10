#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nbdfault's dice: the same seed makes the same faults, another seed others, all of the list and
# none else; and what lasts ends.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 2M --pool a=1M
direct=$port

# did SEED: what it does with that.
did() {
    port=$direct
    faults "random $1 2000 20 flip swap zero error"
    raw <<'PY'
c = Conn("a?claim=me")
for n in range(200):
    c.error(WRITE, n % 16 * PAGE, PAGE, 0, page(n))
    c.error(READ, n % 7 * PAGE, PAGE)
PY
    grep -v '^listening' "$tmp/fault.log"
}
did 1 >"$tmp/first"
did 1 >"$tmp/again"
did 2 >"$tmp/other"
cmp "$tmp/first" "$tmp/again" || fail "the same seed, other faults"
! cmp -s "$tmp/first" "$tmp/other" || fail "another seed, the same faults"
[ "$(sed 's/ .*//' "$tmp/first" | sort -u | xargs)" = "error flip swap zero" ] ||
    fail "not the faults that were asked for: $(cat "$tmp/first")"

port=$direct
faults 'random 3 300 50 freeze slow vanish refuse drop cut swallow stuck late'
raw "$tmp/fault.log" <<'PY'
end = time.monotonic() + 60
storms, ends = {}, 0
while not storms.keys() >= {"freeze", "slow", "vanish", "refuse", "drop"}:
    assert time.monotonic() < end, storms
    try:
        c = Conn("a?claim=me")
        c.s.settimeout(0.2)
        while True:
            c.write(0, page(1))
            assert c.read(0, PAGE) == page(1)
    except (EOFError, ConnectionError, TimeoutError):
        ends += 1
    with open(sys.argv[1]) as f:
        storms = {line.split()[1]: line for line in f if line.startswith("dice: ")}
PY
fault calm
nbdload --export 'a?claim=me' --fill --verify --mode mixed --seconds 0.2 127.0.0.1:"$port"
