#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A client that has nothing more to ask and closes its half of the connection is
# answered all the same, also when what it asked last fills receives to the byte.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 64M --pool a=64M --log-level debug
raw "$lender_pid" "$tmp/lender.log" <<'PY'
import fcntl, termios

def taken(s):
    """Does the lender's kernel have all that was sent?"""
    return not struct.unpack("i", fcntl.ioctl(s, termios.TIOCOUTQ, bytes(4)))[0]

lender, log = int(sys.argv[1]), sys.argv[2]
for burst in 64 * KIB, 256 * KIB, 512 * KIB, 768 * KIB, MIB, MIB + 1:
    c = Conn("a")           # alone, so it is heard longer
    for _ in range(8):      # so that the lender's kernel takes more at once
        c.write(0, bytes(4 * MIB))
    data = random.randbytes(burst - len(request(WRITE)))
    stopped(lender)
    c.send(WRITE, 0, len(data), data=data)
    wait_for(lambda: taken(c.s))
    c.half_close()
    wait_for(lambda: taken(c.s))
    os.kill(lender, signal.SIGCONT)
    c.reply()
    assert c.closed()
    c.close()
    c.gone(log)
    c = Conn("a")
    assert c.read(0, len(data)) == data, burst
    c.close()
    c.gone(log)
PY
