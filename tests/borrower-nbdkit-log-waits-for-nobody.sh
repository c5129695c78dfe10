#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What nbdkit itself says, of a client that it refuses, waits for nobody either: neither where standard
# error is a pipe, nor where it is a socket, as a service's is.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit
for kind in pipe socket; do
    timeout 60 /usr/bin/python3 - "$kind" "$FARPAGE_BUILDDIR/run" "$tmp" <<'PY' || fail "$kind: nbdkit waits for who does not read"
import nbd, os, signal, socket, subprocess, sys, time
kind, run, tmp = sys.argv[1:]
far, near = [s.detach() for s in socket.socketpair()] if kind == "socket" else os.pipe()
os.set_blocking(near, False)
for size in 4096, 1:
    try:
        while True:
            os.write(near, size * b"x")
    except BlockingIOError:
        pass
os.set_blocking(near, True)
pid_file, sock = tmp + "/pid-" + kind, tmp + "/sock-" + kind
nbdkit = subprocess.Popen([run, "nbdkit", "-f", "-P", pid_file, "-U", sock, "farpage", "size=16M"], stderr=near)
while not os.path.exists(pid_file) or not os.path.getsize(pid_file):
    time.sleep(0.05)
for _ in range(20):
    h = nbd.NBD()
    h.set_export_name("wrong")
    try:
        h.connect_unix(sock)
        raise SystemExit("let in")
    except nbd.Error:
        pass
nbdkit.send_signal(signal.SIGTERM)
if nbdkit.wait() != 0:
    raise SystemExit("it ended with %d" % nbdkit.returncode)
PY
done
