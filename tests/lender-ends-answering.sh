#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# SIGTERM: what is under way is answered; whoever asks on and on is answered too, with ESHUTDOWN in
# the end; whoever stands still does not hold it up; an option is refused; all within a bound.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
for threads in 1 3; do
    lender --threads $threads --lend 64M --pool a=16M --pool slow=16M,bandwidth=1M --pool b=16M
    raw "$lender_pid" <<'PY'
pid = int(sys.argv[1])
ESHUTDOWN = 108
reader, idle, deaf, half = Conn("a?claim=me"), Conn("a"), Conn("b"), Conn("b")
for n in range(16):
    reader.write(n * MIB, page(n) * 256)
want = b"".join(page(n) * 256 for n in range(2))
for n in range(16):
    reader.send(READ, 0, 2 * MIB)
deaf.s.sendall(request(READ, 0, 16 * MIB) * 50)
half.s.sendall(request(WRITE, 0, 100 * KIB, 0, 0, b"x" * 5000))
slow, busy, talker = Conn("slow"), Conn("b"), Conn()
for n in range(40):                 # ten seconds' worth
    slow.send(READ, 0, 256 * KIB)
errors, stop = [], threading.Event()
def ask_on():                       # never more than 64 under way, never none
    for n in range(64):
        busy.send(READ, 0, PAGE)
    try:
        while True:
            error = struct.unpack(">4xI8x", busy.take(16))[0]
            errors.append(error)
            if not error:
                busy.take(PAGE)
            busy.send(READ, 0, PAGE)
    except (EOFError, ConnectionError):
        stop.set()
asker = threading.Thread(target=ask_on)
asker.start()
wait_for(lambda: len(errors) > 1000)
time.sleep(.2)
talker.s.sendall(option_bytes(LIST))
start = time.monotonic()
os.kill(pid, signal.SIGTERM)
for n in range(16):
    assert reader.reply(2 * MIB) == want, n
assert reader.closed()
assert idle.closed()
answers = []
try:
    for n in range(40):
        error = struct.unpack(">4xI8x", slow.take(16))[0]
        answers.append(error)
        if not error:
            slow.take(256 * KIB)
except (EOFError, ConnectionError):
    pass
assert len(answers) == 40 and set(answers) == {0, ESHUTDOWN}, answers
assert stop.wait(15)
assert set(errors) <= {0, ESHUTDOWN}, set(errors)
assert half.closed()
while talker.s.recv(4096):          # answered or refused, and hung up on
    pass
took = time.monotonic() - start
assert took < 13, "it took %.1f s" % took
PY
    status=0
    wait "$lender_pid" || status=$?
    [ $status = 0 ] || fail "status $status"
done
# In the middle of nothing it ends at once.
lender --lend 1M --pool a=1M
raw "$lender_pid" <<'PY'
idle = [Conn("a") for _ in range(20)] + [Conn() for _ in range(20)] + [Conn(greet=False)]
start = time.monotonic()
os.kill(int(sys.argv[1]), signal.SIGTERM)
for c in idle:
    try:
        while c.s.recv(4096):
            pass
    except ConnectionError:
        pass
assert time.monotonic() - start < .8, time.monotonic() - start
PY
