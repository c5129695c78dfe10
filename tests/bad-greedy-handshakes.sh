#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Clients that ask for all the lists that they may and read none of them cost
# the lender no memory to speak of, and are hung up on in time.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
printf '%s\n' 'listen = 127.0.0.1:0' "listen = unix:$tmp/sock" 'lend = 1M' 'pool = a=1M,thin' >"$tmp/lender.conf"
# What ASan keeps of freed blocks is not the lender's.
export ASAN_OPTIONS="quarantine_size_mb=8${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
seq -f 'pool = %064.0f=4K,thin' 400 >>"$tmp/lender.conf"
lender --config "$tmp/lender.conf"
raw "$lender_pid" "$tmp/sock" <<'PY'
def own_memory():
    with open("/proc/%s/status" % sys.argv[1]) as f:
        return next(int(x.split()[1]) for x in f if x.startswith("RssAnon"))

witness = Witness("a")
before = own_memory()
start = time.monotonic()
greedy = [Conn(to=sys.argv[2] if i % 2 else None) for i in range(40)]
for c in greedy:
    c.s.sendall(option_bytes(LIST) * 200 + b"no option, and this is the end of it")
    witness.progress()
grown = own_memory() - before
assert grown < 64 * 1024, "%d MiB for %d clients" % (grown // 1024, len(greedy))
while time.monotonic() < start + 20:
    with open("/proc/%s/net/unix" % sys.argv[1]) as f:
        left = sum(line.rstrip().endswith(sys.argv[2]) for line in f)
    if left <= 1:       # the listening one
        break
    time.sleep(.1)
else:
    raise SystemExit("%d are still there after 20 s" % (left - 1))
witness.finish()
PY
