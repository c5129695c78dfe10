#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# --stats tells what is lent, and of each pool what it holds, who has it and what was done. Who does not read
# holds nobody up, and no secret is told.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires jq socat
at=$tmp/stats
lender --stats "$at" --lend 32M --pool a=1M --pool b=16M,thin --threads 2
[ "$(stat -c %a "$at")" = 660 ] || fail "its mode is $(stat -c %a "$at")"
raw "$at" "$tmp/json" <<'PY'
import json, socket
at = sys.argv[1]

def figures():
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(PATIENCE)
        s.connect(at)
        text = b""
        while part := s.recv(65536):
            text += part
    assert text.endswith(b"}\n") and text.count(b"\n") == 1, text
    return json.loads(text), text

def pool(name):
    return next(p for p in figures()[0]["pools"] if p["name"] == name)

f, _ = figures()
assert f["lend_bytes"] == 32 * MIB and f["granted_bytes"] == MIB and not f["refusing"], f
assert [p["name"] for p in f["pools"]] == ["a", "b"], f
assert all(p["used_bytes"] == p["connections"] == 0 and "claim" not in p for p in f["pools"]), f
owner = Conn("a?claim=secretname")
for n in range(8):
    owner.write(n * PAGE, page(n))
assert owner.read(0, 8 * PAGE) == b"".join(page(n) for n in range(8))
second = Conn("a")
second.read(0, 512)
owner.trim(0, 3 * PAGE)
a = pool("a")
assert a["used_bytes"] == 5 * PAGE and a["size_bytes"] == MIB and a["connections"] == 2, a
assert a["written_bytes"] == 8 * PAGE and a["read_bytes"] == 8 * PAGE + 512 and a["flushed_pages"] == 3, a
assert a["claim"]["connected"] and a["claim"]["from"].startswith("127.0.0.1:") and a["claim"]["seconds"] < 60, a
assert b"secretname" not in figures()[1]
thin = Conn("b")
thin.write(0, page(1))
f, _ = figures()
assert f["granted_bytes"] == MIB + PAGE and f["sessions"] == 2, f
# Counts outlive the connection, and so does the claim.
owner.close(), second.close()
wait_for(lambda: pool("a")["connections"] == 0)
a = pool("a")
assert a["written_bytes"] == 8 * PAGE and a["read_bytes"] == 8 * PAGE + 512 and not a["claim"]["connected"], a
PY
kill "$lender_pid"
wait "$lender_pid" || :
[ ! -e "$at" ] || fail 'it is still there'
: >"$at"
farpaged --stats "$at" --listen 127.0.0.1:0 --lend 1M --pool a=1M 2>"$tmp/err" && fail 'it took the place of a file'
grep -q "cannot serve figures on $at: Address already in use" "$tmp/err" || fail "$(cat "$tmp/err")"
# More than a socket's buffer takes: who does not read is given 5 s, and nobody waits for him but who asks after him.
# shellcheck disable=SC2046 # words
lender --stats "$tmp/many" --lend 64M $(seq -f '--pool a-pool-of-a-long-name-of-which-there-are-a-thousand-%g=4K' 1000)
raw "$tmp/many" <<'PY'
import json, socket
def connect():
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(PATIENCE)
    s.connect(sys.argv[1])
    return s

mute = [connect() for _ in range(6)]
c = Conn("a-pool-of-a-long-name-of-which-there-are-a-thousand-1")
start = time.monotonic()
for n in range(100):
    c.write(0, page(n))
    assert c.read(0, PAGE) == page(n)
assert time.monotonic() - start < 4, "a page waits for who does not read"
s, text = connect(), b""
while part := s.recv(65536):
    text += part
assert len(text) > 250000 and len(json.loads(text)["pools"]) == 1000, len(text)
PY
