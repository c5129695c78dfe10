# SPDX-License-Identifier: BSD-2-Clause
"""NBD by hand, for what no client would do. See raw() in lib.sh.

    c = Conn()                   a socket and the greetings
    c.go("a?claim=me")           into a pool; c.name, c.size, c.flags, c.about
    c.write(0, page(1))          ask and take the answer, which must be good
    c.send(READ, 0, 4096)        ask only; c.reply(4096) takes the answer
"""
import hashlib
import os
import random
import signal
import socket
import struct
import threading
import time

READ, WRITE, DISC, FLUSH, TRIM, CACHE, ZERO = range(7)
FUA, NO_HOLE, FAST_ZERO = 1, 2, 16
EXPORT_NAME, ABORT, LIST, INFO, GO = 1, 2, 3, 6, 7
ACK, SERVER, INFO_REPLY = 1, 2, 3
UNSUP, POLICY, INVALID, UNKNOWN, TOO_BIG = (
    0x80000001, 0x80000002, 0x80000003, 0x80000006, 0x80000009)
FLAG_READ_ONLY, FLAG_MULTI_CONN = 2, 256
EPERM, EIO, EINVAL, ENOSPC, EOVERFLOW = 1, 5, 22, 28, 75
PAGE = 4096
KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
PATIENCE = 30  # seconds for any one answer

_host, _port = None, None


def set_port(port, host="127.0.0.1"):
    global _host, _port
    _host, _port = host, port


def page(n, generation=0):
    """A page that no other number or generation has; no byte of it is 0."""
    return hashlib.shake_128(b"%d %d" % (n, generation)).digest(PAGE).replace(
        b"\0", b"\1")


def request(command, offset=0, length=0, flags=0, cookie=0, data=b""):
    return struct.pack(">IHHQQI", 0x25609513, flags, command, cookie, offset,
                       length) + data


def option_bytes(option, data=b"", length=None):
    return struct.pack(">QII", 0x49484156454F5054, option,
                       len(data) if length is None else length) + data


def go_bytes(name, option=GO):
    name = name.encode() if isinstance(name, str) else name
    return option_bytes(option, struct.pack(">I", len(name)) + name +
                        struct.pack(">HHH", 2, 1, 2))


class Refused(Exception):
    def __init__(self, code, words):
        super().__init__("%#x: %s" % (code, words))
        self.code, self.words = code, words


class Error(Exception):
    def __init__(self, error):
        super().__init__("NBD error %d" % error)
        self.error = error


class Conn:
    def __init__(self, name=None, to=None, greet=True):
        to = to or _port
        if str(to).isdigit():
            self.s = socket.create_connection((_host, int(to)))
            self.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.port = self.s.getsockname()[1]
        else:
            self.s = socket.socket(socket.AF_UNIX)
            self.s.connect(to)
        self.s.settimeout(PATIENCE)
        self.cookie = 0
        if greet:
            self.greet()
        if name is not None:
            self.go(name)

    def take(self, n):
        """N bytes; EOFError if there are not so many."""
        data = bytearray()
        while len(data) < n:
            more = self.s.recv(min(n - len(data), MIB))
            if not more:
                raise EOFError("hung up after %d of %d bytes" % (len(data), n))
            data += more
        return bytes(data)

    def closed(self):
        """Wait for the lender to hang up; True, or False for bytes instead."""
        try:
            return self.s.recv(1) == b""
        except ConnectionError:
            return True

    def greet(self, flags=3):
        assert self.take(16) == b"NBDMAGICIHAVEOPT"
        assert self.take(2) == b"\0\3"
        self.s.sendall(struct.pack(">I", flags))

    def option_reply(self, option):
        magic, what, kind, length = struct.unpack(">QIII", self.take(20))
        assert (magic, what) == (0x3E889045565A9, option), (hex(magic), what)
        return kind, self.take(length)

    def option(self, option, data=b""):
        """All replies to an option: a list of (kind, data), the last an ACK."""
        self.s.sendall(option_bytes(option, data))
        return self.option_replies(option)

    def option_replies(self, option):
        replies = []
        while True:
            kind, data = self.option_reply(option)
            if kind >= 0x80000000:
                raise Refused(kind, data.decode())
            replies.append((kind, data))
            if kind == ACK:
                return replies

    def go(self, name, option=GO):
        self.s.sendall(go_bytes(name, option))
        return self.went(option)

    def went(self, option=GO):
        """The answer to a GO that was sent: name, size, flags, about."""
        self.about = {}
        for kind, data in self.option_replies(option):
            what = struct.unpack(">H", data[:2])[0] if kind == INFO_REPLY else None
            if what == 0:
                self.size, self.flags = struct.unpack(">QH", data[2:])
            elif what == 1:
                self.name = data[2:].decode()
            elif what == 2:
                words = data[2:].decode()
                self.about = dict(x.split("=") for x in words.split() if "=" in x)
        self.epoch = int(self.about.get("epoch", 0)) # a face has none
        self.outlives = {k: v for k, v in self.about.items() if k != "lender"} # the process
        return self

    def sibling(self):
        """A further connection of this owner's; it told the name for the next one."""
        sibling = Conn(self.name)
        self.name = sibling.name
        return sibling

    def send(self, command, offset=0, length=0, flags=0, data=b""):
        self.cookie += 1
        self.s.sendall(request(command, offset, length, flags, self.cookie, data))
        return self.cookie

    def reply(self, length=0, cookie=None):
        """The data of the next answer, or Error."""
        magic, error, got = struct.unpack(">IIQ", self.take(16))
        assert magic == 0x67446698, "no reply: %#x" % magic
        assert cookie is None or got == cookie, (cookie, got)
        if error:
            raise Error(error)
        return self.take(length)

    def ask(self, command, offset=0, length=0, flags=0, data=b""):
        cookie = self.send(command, offset, length, flags, data)
        return self.reply(length if command == READ else 0, cookie)

    def read(self, offset, length):
        return self.ask(READ, offset, length)

    def write(self, offset, data, flags=0):
        self.ask(WRITE, offset, len(data), flags, data)

    def trim(self, offset, length):
        self.ask(TRIM, offset, length)

    def error(self, *request):
        """The NBD error that a request is answered with; 0 for none."""
        try:
            self.ask(*request)
        except Error as e:
            return e.error
        return 0

    def gone(self, log):
        """Wait until the lender, whose debug LOG this is, is done with it."""
        words = "127.0.0.1:%d is gone" % self.port
        with open(log) as f:
            wait_for(lambda: f.seek(0) or words in f.read())

    def half_close(self):
        self.s.shutdown(socket.SHUT_WR)

    def close(self):
        self.s.close()


def refused(name, **how):
    """(code, words) of a name that must not open; None if it does."""
    try:
        Conn(name, **how)
    except Refused as e:
        return e.code, e.words
    return None


def wait_for(what, seconds=20):
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)
    return found


def stopped(pid):
    """Stop a process and wait until all its threads stand still."""
    os.kill(pid, signal.SIGSTOP)

    def still():
        for task in os.listdir("/proc/%d/task" % pid):
            with open("/proc/%d/task/%s/stat" % (pid, task)) as f:
                if f.read().rsplit(")", 1)[1].split()[0] != "T":
                    return False
        return True
    wait_for(still)


def fault(line):
    """Tell nbdfault (see faults in lib.sh) what to do; its answer."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(PATIENCE)
        s.connect(os.environ["FAULT_CONTROL"])
        s.sendall(line.encode() + b"\n")
        answer = s.makefile().readline().strip()
    assert answer.startswith("ok"), (line, answer)
    return answer


class Witness(threading.Thread):
    """A good client in the background: puts pages and gets them back."""

    def __init__(self, name="a", first=0, pages=64):
        super().__init__(daemon=True)
        self.conn = Conn(name)
        self.first, self.pages = first, pages
        self.ops, self.failure, self.ending = 0, None, False
        self.start()

    def run(self):
        try:
            while not self.ending:
                n = self.first + self.ops % self.pages
                self.conn.write(n * PAGE, page(n, self.ops))
                assert self.conn.read(n * PAGE, PAGE) == page(n, self.ops), n
                self.ops += 1
        except Exception as e:
            self.failure = e

    def progress(self, ops=1, seconds=PATIENCE):
        """Wait until it has done OPS more."""
        goal = self.ops + ops
        wait_for(lambda: self.ops >= goal or self.failure, seconds)
        assert not self.failure, "the other client: %r" % self.failure

    def finish(self):
        self.progress()
        self.ending = True
        self.join(PATIENCE)
        assert not self.failure, "the other client: %r" % self.failure
