#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""noise.py HOST PACKETS SECONDS: sends so many full-sized UDP packets a second to HOST, in bursts, to a
port where nobody listens; what others send to a host that is short of memory."""
import socket
import sys
import time

BURST_SECONDS = 0.01

host, packets, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
out.setblocking(False)
end = time.monotonic() + seconds
while time.monotonic() < end:
    for _ in range(round(packets * BURST_SECONDS)):
        try:
            out.sendto(bytes(1400), (host, 9))
        except OSError:
            break  # the line is full, or nobody is there yet
    time.sleep(BURST_SECONDS)
