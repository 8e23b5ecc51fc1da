#!/usr/bin/python3
"""Copies a pcapng file without what it tells of the machine: hide-machine.py FROM TO.

dumpcap writes the model of the CPU and the version of the kernel into the file.
These options are left out; everything else is copied as it is.
"""

import struct
import sys

# Which options to leave out, for each type of block that has them.
HIDDEN = {
    0x0A0D0D0A: {2, 3},  # section header: shb_hardware, shb_os
    0x00000001: {12, 15},  # interface description: if_os, if_hardware
}
# Where the options begin: after the block's type, its length and its own fields.
OPTIONS_BEGIN = {0x0A0D0D0A: 24, 0x00000001: 16}


def without_hidden_options(kind, block):
    position = OPTIONS_BEGIN[kind]
    kept = block[8:position]
    while position < len(block) - 4:
        code, length = struct.unpack_from("<HH", block, position)
        end = position + 4 + (length + 3) // 4 * 4
        if code not in HIDDEN[kind]:
            kept += block[position:end]
        position = end
    length = struct.pack("<I", len(kept) + 12)
    return block[:4] + length + kept + length


with open(sys.argv[1], "rb") as file:
    data = file.read()
with open(sys.argv[2], "wb") as file:
    position = 0
    while position < len(data):
        # dumpcap writes the byte order of the machine: little-endian on any
        # that this is likely to run on.
        kind, length = struct.unpack_from("<II", data, position)
        block = data[position:position + length]
        file.write(without_hidden_options(kind, block) if kind in HIDDEN else block)
        position += length
