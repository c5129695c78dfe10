#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The network is down for 22 s, at either end. Connections that have pages, owners' and a plain
# writer's, idle ones and busy ones, go on when it is back; one that has none was hung up on.
time_limit=240
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
far_host
lender --listen 127.0.0.1:0 --listen "$net.1:0" --allow-plaintext --lend 4M --pool idle=1M --pool busy=1M \
    --pool owing=1M --pool plain=1M
cat >"$tmp/there.py" <<'PY'
ready, up, went_on, stay = (sys.argv[1] + "/" + x for x in ("ready", "up", "went-on", "stay"))
idle, busy, owing = (Conn(x + "?claim=far") for x in ("idle", "busy", "owing"))
plain, looker = Conn("plain"), Conn("plain")
for c in idle, busy, owing, plain:
    for n in range(256):
        c.write(n * PAGE, page(n))
owing.s.sendall(request(READ, 0, MIB) * 30)
owing.take(16 + MIB)
ops = 0
open(ready, "w").close()
while not os.path.exists(up):
    n = ops % 256
    busy.s.settimeout(150)
    assert busy.read(n * PAGE, PAGE) == page(n)
    busy.write(n * PAGE, page(n))
    ops += 1
print("busy: %d operations" % ops)
everything = b"".join(page(n) for n in range(256))
for c in idle, plain:
    c.s.settimeout(150)
    assert c.read(0, MIB) == everything
owing.s.settimeout(150)
for _ in range(29):
    assert owing.take(16 + MIB)[16:] == everything
try:
    looker.read(0, PAGE)
    sys.exit("a connection without pages was kept")
except OSError:
    pass
open(went_on, "w").close()
open(stay).read()
PY
went_on() { [ -e "$tmp/went-on" ] || ! kill -0 "$far_pid"; }
told() {
    [ "$(grep -c 'has been silent for 1[5-9] s; it has pages in' "$tmp/lender.log")" = "$1" ] &&
        [ "$(grep -c 'is back after 2[0-9] s of silence' "$tmp/lender.log")" = "$1" ]
}
link() { # END up|down
    case $1 in
    near) ip link set "$near" "$2" ;;
    far) ip -n "$ns" link set far "$2" ;;
    esac
}
told=0
for end in near far; do
    rm -f "$tmp/ready" "$tmp/up" "$tmp/went-on" "$tmp/stay"
    mkfifo "$tmp/stay"
    raw_there "$tmp" 2>"$tmp/far.err" <"$tmp/there.py" &
    far_pid=$!
    exec 8<>"$tmp/stay"
    wait_for 20 test -e "$tmp/ready"
    link "$end" down
    sleep 22
    link "$end" up
    : >"$tmp/up"
    back=$(date +%s)
    wait_for 130 went_on
    [ -e "$tmp/went-on" ] || fail "$end: $(cat "$tmp/far.err")"
    echo "$end: all go on $(($(date +%s) - back)) s after the network was back"
    wait_for 10 told $((told += 4))
    exec 8>&-
    wait $far_pid
done
