#!/usr/bin/env python3
"""stranger.py ask|answer FROM TO WHAT...: what begins like an IKEv2 peer and is none. It has no secret; from its port 500
it asks (IKE_SA_INIT to TO, until it is ended), or answers each IKE_SA_INIT of TO. WHAT:

  loop GROUP        ask: with KE of GROUP, whatever is wanted; answer: INVALID_KE_PAYLOAD, GROUP is wanted
  broken            the length of a payload is more than there is
  flood COUNT       ask: COUNT IKE SAs that stay half open"""
import os
import socket
import struct
import sys
import time

role, here, there, what = sys.argv[1:5]
number = int(sys.argv[5]) if len(sys.argv) > 5 else 14
SIZES = {14: 256, 15: 384, 19: 64, 20: 96, 31: 32}


def payload(following, body, extra=0):
    return struct.pack(">BBH", following, 0, 4 + len(body) + extra) + body


def transform(following, kind, number, attribute=b""):
    return struct.pack(">BBHBBH", following, 0, 8 + len(attribute), kind, 0, number) + attribute


def message(spi_i, spi_r, flags, first, chain):
    header = struct.pack(">8s8sBBBBII", spi_i, spi_r, first, 0x20, 34, flags, 0, 28 + len(chain))
    return header + chain


def request(spi, group, extra=0):
    parts = [(1, 12, struct.pack(">HH", 0x800E, 256)), (2, 5, b""), (3, 12, b"")]
    parts += [(4, g, b"") for g in sorted(SIZES, key=lambda g: g != group)]
    transforms = b"".join(transform(3 if i < len(parts) - 1 else 0, *t) for i, t in enumerate(parts))
    proposal = struct.pack(">BBHBBBB", 0, 0, 8 + len(transforms), 1, 1, 0, len(parts)) + transforms
    ke = struct.pack(">HH", group, 0) + b"\x5a" * SIZES[group]
    return message(spi, bytes(8), 0x08, 33,
                   payload(34, proposal) + payload(40, ke) + payload(0, os.urandom(32), extra))


def answer(spi):
    if what == "broken":
        return message(spi, os.urandom(8), 0x20, 33, payload(0, os.urandom(16), 100))
    return message(spi, bytes(8), 0x20, 41, payload(0, struct.pack(">BBHH", 0, 0, 17, number)))


s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((here, 500))
s.settimeout(0.5)
if role == "answer":
    while True:
        try:
            got, who = s.recvfrom(4096)
            if who[0] == there and len(got) >= 28 and got[18] == 34:
                s.sendto(answer(got[:8]), who)
        except socket.timeout:
            pass
spi = os.urandom(8)
for i in range(number if what == "flood" else 1000000):
    if what == "flood":
        s.sendto(request(os.urandom(8), 31), (there, 500))
        continue
    s.sendto(request(spi, number if what == "loop" else 31, 100 if what == "broken" else 0), (there, 500))
    time.sleep(0.5)
time.sleep(60)  # what is answered finds a port that is open
