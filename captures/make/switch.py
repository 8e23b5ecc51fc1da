#!/usr/bin/python3
"""A switch with two ports and a monitor port: switch.py tagged|lossy.

The ports are TAP devices, "client" and "server". What passes between them is
also given to "monitor", where the capture is made.

tagged: the monitor shows a provider's trunk line, on which each frame has an
    802.1ad tag with an 802.1Q tag inside. (This way the kernel needs no VLANs.)
lossy: some frames are lost before the monitor, some after it, and some change
    places, so that TCP has to repair it.
"""

import fcntl
import os
import random
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 0x0002, 0x1000
TAGS = struct.pack(">HHHH", 0x88A8, 100, 0x8100, 20)


def make_port(name):
    port = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(port, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return port


client, server, monitor = (make_port(name) for name in ("client", "server", "monitor"))
opposite = {client: server, server: client}
waiting = {client: b"", server: b""}  # a frame that the next one may overtake
chance = random.Random(6455)


def tagged(port, frame):
    # After the two addresses come the tags, then the frame's own type.
    os.write(monitor, frame[:12] + TAGS + frame[12:])
    os.write(opposite[port], frame)


def lossy(port, frame):
    luck = chance.random()
    if luck < 0.08:
        return  # lost before the monitor
    if luck < 0.2 and not waiting[port]:
        waiting[port] = frame
        return
    os.write(monitor, frame)
    if luck < 0.9:  # or else lost after the monitor
        os.write(opposite[port], frame)
    frame, waiting[port] = waiting[port], b""
    if frame:
        os.write(monitor, frame)
        os.write(opposite[port], frame)


pass_on = {"tagged": tagged, "lossy": lossy}[sys.argv[1]]
print("ready", flush=True)
end = time.monotonic() + 90  # never stays behind
while time.monotonic() < end:
    for port in select.select([client, server], [], [], 1)[0]:
        try:
            pass_on(port, os.read(port, 65536))
        except OSError:
            pass  # a port that is not up yet
