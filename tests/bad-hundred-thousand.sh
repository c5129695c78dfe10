#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# 100,000 conversations gone bad, beside a client that checks what it reads and a
# pool that must stay as it is: no wrong byte, no crash, and not a descriptor or
# a MiB to speak of is lost. BAD_INPUTS and BAD_SEED say otherwise.
time_limit=300
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
inputs=${BAD_INPUTS-100000} seed=${BAD_SEED-1} more_mib=4
if sanitized; then
    more_mib=32 # ASan keeps what was freed for a while
    export ASAN_OPTIONS="quarantine_size_mb=8${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
fi
lender --lend 32M --pool bad=1M --pool good=16M --pool kept=4M --threads 2

own_kib() { sed -n 's/^RssAnon:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$lender_pid/status"; }
descriptors() { find "/proc/$lender_pid/fd" -mindepth 1 | wc -l; }
no_more_descriptors() { [ "$(descriptors)" -le "$before" ]; }

# Half of the kept pool's pages are there.
keep() { # put|get
    raw "$1" <<'PY'
c = Conn("kept")
for n in range(1024):
    if sys.argv[1] == "put" and n % 2:
        c.write(n * PAGE, page(n))
    elif sys.argv[1] == "get":
        assert c.read(n * PAGE, PAGE) == (page(n) if n % 2 else bytes(PAGE)), n
PY
}

keep put
badnbd $((inputs / 20)) "$seed" "$port" >/dev/null || fail "seed $seed"
before=$(descriptors)
kib=$(own_kib)
echo "seed $seed, before: $kib KiB, $before descriptors"
badnbd "$inputs" $((seed + inputs)) "$port" &
bad=$!
cleanup "kill $bad 2>/dev/null"
rounds=0
while kill -0 $bad 2>/dev/null || [ $rounds = 0 ]; do
    # Pages, and blocks whose answers do not go out at once.
    [ $((rounds % 2)) = 0 ] && block=4096 || block=1M
    nbdload --export 'good?claim=good' --fill --verify --mode mixed --depth 8 --block "$block" \
        --seconds 1 "127.0.0.1:$port" || fail "seed $seed: the good client, in round $rounds"
    rounds=$((rounds + 1))
done
wait $bad || fail "badnbd, seed $seed"
kill -0 "$lender_pid" || fail "seed $seed: the lender is gone"
keep get || fail "seed $seed: a page that nobody touched is another"
wait_for 20 no_more_descriptors
after=$(own_kib)
echo "after: $after KiB, $(descriptors) descriptors; $rounds rounds of the good client"
[ $((after - kib)) -le $((more_mib * 1024)) ] || fail "seed $seed: $kib KiB became $after"
