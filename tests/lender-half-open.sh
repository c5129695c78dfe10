#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# An owner whose host went away without a word is found out within 15 s, and its
# pool is free again; also if it owes the lender the taking of an answer. What it will never take
# stays with the kernel for another 15 s then, and not for dead-after.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires ss
far_host
lender --listen 127.0.0.1:0 --listen "$net.1:0" --allow-plaintext --lend 2M --pool idle=1M --pool owing=1M
raw_there "$tmp/there" <<'PY' &
conns = [Conn("idle?claim=far"), Conn("owing?claim=far")]
conns[1].s.sendall(request(READ, 0, MIB) * 100)
conns[1].take(5 * MIB)
open(sys.argv[1], "w").close()
time.sleep(100)
PY
cleanup "kill $!"
wait_for 20 test -e "$tmp/there"
raw "$near" <<'PY'
assert refused("idle?claim=near")[0] == POLICY
assert os.system("ip link set %s down" % sys.argv[1]) == 0
start = time.monotonic()
for pool in "idle", "owing":
    wait_for(lambda: not refused(pool + "?claim=near"), 25)
    print("%s: free after %.1f s" % (pool, time.monotonic() - start))
    assert time.monotonic() < start + 18
assert time.monotonic() > start + 3, "it cannot know so soon"
PY
wait_for 40 sh -c "[ -z \"\$(ss -tnH dst $net.2)\" ]"
