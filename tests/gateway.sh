# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# For tests/borrower-gateway-*.sh: . it after lib.sh. A gateway, and hosts that dial it, in python. With FARPAGE_FACE
# the gateway is an NBD face.
[ -n "${FARPAGE_FACE-}" ] || requires nbdkit
cat >"$tmp/gateway.py" <<'PY'
import nbd, os, socket, sys, time
port = int(sys.argv[1])
def dial(export, host=1):
    s = socket.socket()
    s.bind(("127.0.0.%d" % host, 0))
    s.connect(("127.0.0.1", port))
    h = nbd.NBD()
    h.set_export_name(export)
    h.connect_socket(s.detach())
    return h
def refused(what, *args):
    try:
        what(*args)
    except nbd.Error as e:
        return e
    raise SystemExit("it was not refused: %s" % (args,))
# nbdkit takes a moment to see that a connection is over.
def soon(what, *args):
    for _ in range(500):
        try:
            return what(*args)
        except nbd.Error as e:
            if e.errno != "EPERM": raise
            time.sleep(0.02)
    raise SystemExit("refused for ever: %s" % (args,))
def name():
    found = []
    h = nbd.NBD()
    h.set_opt_mode(True)
    h.connect_tcp("127.0.0.1", str(port))
    if os.environ.get("FARPAGE_FACE"):
        h.set_export_name("?force") # only to look
        h.set_full_info(True)
        h.opt_info()
        found.append((h.get_canonical_export_name(), h.get_export_description()))
    else:
        h.opt_list(lambda name, words: found.append((name, words)) and 0)
    h.opt_abort()
    return found[0]
def page(letter):
    return letter * 4095 + b"."
PY
gateway() { # PYTHON
    if [ -n "${FARPAGE_FACE-}" ]; then
        gateway_face "$@"
        return
    fi
    "$FARPAGE_BUILDDIR/run" nbdkit -f -i 127.0.0.1 -p "$port" -P "$tmp/pid" farpage size=64M swap=no 2>"$tmp/borrower.log" &
    gateway_pid=$!
    wait_for 20 test -s "$tmp/pid"
    PYTHONPATH=$tmp PYTHONDONTWRITEBYTECODE=1 python3_nbd - "$port" || fail "$1"
    kill "$gateway_pid"
    wait "$gateway_pid" || fail "nbdkit ended with $?"
    rm "$tmp/pid"
}
gateway_face() {
    # shellcheck disable=SC2086 # options
    nbdram $FARPAGE_FACE 16384 "127.0.0.1:$port" >"$tmp/borrower.log" 2>&1 &
    gateway_pid=$!
    wait_for 20 grep -q started "$tmp/borrower.log"
    PYTHONPATH=$tmp PYTHONDONTWRITEBYTECODE=1 python3_nbd - "$port" || fail "$1"
    kill -INT "$gateway_pid"
    wait "$gateway_pid" || fail "the face ended with $?"
    # What is said in the face's way, as nbdkit would say it.
    sed -i 's/^nbdram: warn: \(.* has taken the\)/nbdkit: farpage: warning: \1/
        s/^nbdram: warn: [^ ]*: \([^ ]* is refused\)/error: \1/' "$tmp/borrower.log"
}
port=$(python3_nbd -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
