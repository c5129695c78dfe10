#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# An owner whose host went away without a word is found out within 15 s, and its
# pool is free again; also if it owes the lender the taking of an answer.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
far_host
lender --listen 127.0.0.1:0 --listen "$net.1:0" --allow-plaintext --lend 2M --pool idle=1M --pool owing=1M
far_port=$(sed -n "s/.*listening on $net.1:\([0-9]*\)$/\1/p" "$tmp/lender.log")
PYTHONPATH=$FARPAGE_SRCDIR/tests PYTHONDONTWRITEBYTECODE=1 ip netns exec $ns \
    /usr/bin/python3 - "$net.1" "$far_port" "$tmp/there" <<'PY' &
import sys
from rawnbd import *
dial = socket.create_connection
socket.create_connection = lambda to: dial((sys.argv[1], to[1]))
set_port(sys.argv[2])
conns = [Conn("idle?claim=far"), Conn("owing?claim=far")]
conns[1].s.sendall(request(READ, 0, MIB) * 100)
conns[1].take(5 * MIB)
open(sys.argv[3], "w").close()
time.sleep(100)
PY
far_pid=$!
cleanup "kill $far_pid"
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
