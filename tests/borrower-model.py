# SPDX-License-Identifier: BSD-2-Clause
# borrower-model.py URI [SEED]: random reads, writes, zeroes and trims of any
# alignment on four connections, each against a model of its own part.
import os
import random
import sys
import threading

import nbd

PART = 4 << 20
failures = []


def work(uri, seed, part):
    rnd = random.Random(seed * 4 + part)
    h = nbd.NBD()
    h.connect_uri(uri)
    base, model = part * PART, bytearray(PART)
    for step in range(1000):
        offset = rnd.randrange(PART)
        length = min(rnd.choice([1, 100, 512, 4096, 8192, 131072]), PART - offset)
        kind = rnd.choice("wwrrztf")
        if kind == "w":
            data = rnd.randbytes(length)
            h.pwrite(data, base + offset)
            model[offset:offset + length] = data
        elif kind == "r":
            if h.pread(length, base + offset) != model[offset:offset + length]:
                failures.append((part, step, offset, length))
                return
        elif kind == "f":
            h.flush()
        else:
            (h.zero if kind == "z" else h.trim)(length, base + offset)
            model[offset:offset + length] = bytes(length)
    if h.pread(PART, base) != model:
        failures.append((part, "end"))


def main():
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    threads = [threading.Thread(target=work, args=(sys.argv[1], seed, i)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if failures:
        sys.exit("wrong bytes (seed %d): %s" % (seed, failures))


main()
