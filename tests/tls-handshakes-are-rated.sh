#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# TLS handshakes without end, from many addresses, take a small part of a processor, keep
# no reader waiting and nobody else out. Many at once, as after a restart, are welcome.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
with_tls
requires certtool
authority "$tmp/ca"
certificate "$tmp/ca" "$tmp/server" server lender
# A key that takes its time.
certtool --generate-privkey --key-type=rsa --bits 2048 --outfile "$tmp/server/server-key.pem" 2>/dev/null
chmod o= "$tmp/server/server-key.pem"
certtool --generate-certificate --load-ca-certificate "$tmp/ca/ca-cert.pem" --load-ca-privkey "$tmp/ca/ca-key.pem" \
    --load-privkey "$tmp/server/server-key.pem" --template "$tmp/server/server.info" \
    --outfile "$tmp/server/server-cert.pem" 2>/dev/null
certificate "$tmp/ca" "$tmp/client" client web
lender --lend 4M --pool a=1M --tls allow --tls-certificates "$tmp/server"
most=.4 # of a processor, nearly all of it for the connections
! sanitized || most=2
raw "$lender_pid" "$port" "$tmp/client" $most <<'PY'
import nbd, ssl
pid, port, certificates, most = sys.argv[1:]
STARTTLS = 5
out = ssl.MemoryBIO()
context = ssl.create_default_context()
try:
    context.wrap_bio(ssl.MemoryBIO(), out, server_hostname="lender").do_handshake()
except ssl.SSLWantReadError:
    pass
hello = out.read()

def cpu_seconds():
    with open("/proc/%s/stat" % pid) as f:
        return sum(map(int, f.read().rsplit(")", 1)[1].split()[11:13])) / os.sysconf("SC_CLK_TCK")

def well():
    h = nbd.NBD()
    h.set_uri_allow_local_file(True)
    h.connect_uri("nbds://127.0.0.1:%s/a?tls-certificates=%s" % (port, certificates))
    assert len(h.pread(4096, 0)) == 4096
    return h

def seconds_of(what):
    start = time.monotonic()
    what()
    return time.monotonic() - start

def at_once():
    crowd = [threading.Thread(target=well) for _ in range(60)]
    for t in crowd: t.start()
    for t in crowd: t.join()

took = seconds_of(at_once)
print("60 at once: %.1f s" % took)
assert took < 10, took
ending, said = False, 0
def flood(i):
    global said
    sockets = []
    while not ending:
        c = Conn.__new__(Conn)
        c.s, c.cookie = socket.socket(), 0
        c.s.settimeout(1)
        try:
            c.s.bind(("127.0.1.%d" % (said % 16 + 1), 0))
            c.s.connect(("127.0.0.1", int(port)))
            c.greet()
            c.s.sendall(option_bytes(STARTTLS))
            c.take(20)
            c.s.sendall(hello)
            said += 1
            sockets = sockets[-200:] + [c.s]
        except (OSError, EOFError):
            pass
        time.sleep(.003)
floods = [threading.Thread(target=flood, args=(i,)) for i in range(2)]
for f in floods: f.start()
time.sleep(8)           # what may come at once
cpu, before, start = cpu_seconds(), said, time.monotonic()
waits = [seconds_of(well) for _ in range(5)]
time.sleep(max(0, start + 6 - time.monotonic()))
seconds = time.monotonic() - start
share = (cpu_seconds() - cpu) / seconds
ending = True
for f in floods: f.join()
print("%.0f hellos a second take %.0f %% of a processor; others wait for %s s" %
      ((said - before) / seconds, share * 100, " ".join("%.2f" % w for w in waits)))
assert share < float(most), share
assert max(waits) < 5, waits
PY
