#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The connection to a lender is cut at every byte of every message: of requests and replies, and of
# what is said when it is opened.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/faults.sh"
farm
payload='1000 4000 4095'
[ "$repeat" -le 2 ] || payload=$(seq 0 97 4095)
for round in $(seq "$repeat"); do
    victim=$(holder "$round")
    # shellcheck disable=SC2086
    FAULT_CONTROL=$tmp/$victim/fault.ctl raw "nbd+unix:///?socket=$sock" $span $payload <<'PY'
import nbd
h = nbd.NBD()
h.connect_uri(sys.argv[1])
where, payload = int(sys.argv[2]) << 20, [int(n) for n in sys.argv[3:]]
cuts = 0
def cut(message, where_in_it, meanwhile=lambda: None, first=lambda: None):
    global cuts
    for byte in where_in_it:
        fault("cut %s at %d" % (message, byte))
        first()
        while "waiting=0" not in fault("status"):
            meanwhile()
            time.sleep(0.002)
        cuts += 1
        # Who is cut at the first thing it is asked for, again and again, is left out.
        while "connections=0" in fault("status"):
            time.sleep(0.002)
        time.sleep(0.1)
def trim():
    for at in range(where, where + (4 << 20), 1 << 20): # each lender has one of these
        h.pwrite(os.urandom(4096), at)
        h.trim(4096, at)
cut("write request", list(range(29)) + [28 + n for n in payload])
cut("read reply", list(range(17)) + [16 + n for n in payload])
cut("read request", range(28))
cut("write reply", range(16))
cut("trim request", range(0, 28, 9), trim)
cut("trim reply", range(0, 16, 5), trim)
cut("option request", range(0, 60, 7), first=lambda: fault("drop"))
cut("option reply", range(0, 60, 3), first=lambda: fault("drop"))
print(cuts, "cuts")
PY
    wait_for 10 connected "$victim"
done
within 20 'two copies' whole
verdict $dead
redundant
