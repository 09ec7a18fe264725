#!/usr/bin/env python3
"""shuffle.py [SHARE [MILLISECONDS]]: makes the TUN device shuffle0; what is routed into it comes out of it
again, but SHARE per cent of the packets wait up to MILLISECONDS, so that later ones overtake them."""
import fcntl
import heapq
import os
import random
import select
import struct
import sys
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
share = float(sys.argv[1]) / 100 if len(sys.argv) > 1 else 0.1
delay = float(sys.argv[2]) / 1000 if len(sys.argv) > 2 else 0.01

tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH", b"shuffle0", IFF_TUN | IFF_NO_PI))
late = []  # heap of (time, number, packet)
number = 0
while True:
    wait = max(0, late[0][0] - time.monotonic()) if late else None
    readable = select.select([tun], [], [], wait)[0]
    if readable:
        packet = os.read(tun, 65536)
        number += 1
        if random.random() < share:
            heapq.heappush(late, (time.monotonic() + random.random() * delay, number, packet))
        else:
            os.write(tun, packet)
    while late and late[0][0] <= time.monotonic():
        os.write(tun, heapq.heappop(late)[2])
