"""DEFLATE written by hand (RFC 1951), for vectors whose every bit must be known: it chooses nothing,
it only packs the blocks that it is told."""


class Blocks:
    """Blocks, and the payload of a message that is made of them (RFC 7692 7.2.1)."""

    def __init__(self):
        self.bits = []

    def put(self, value, count):
        """A number, its lowest bit first (RFC 1951 3.1.1)."""
        self.bits += [value >> i & 1 for i in range(count)]

    def code(self, value, count):
        """A Huffman code, its highest bit first."""
        self.bits += [value >> i & 1 for i in reversed(range(count))]

    def align(self):
        self.bits += [0] * (-len(self.bits) % 8)

    def begin(self, final, kind):
        self.put(final, 1)
        self.put(kind, 2)

    def stored(self, data, final=0):
        self.begin(final, 0)
        self.align()
        self.put(len(data), 16)
        self.put(len(data) ^ 0xFFFF, 16)
        for byte in data:
            self.put(byte, 8)
        return self

    def literal_or_length(self, symbol):
        """The fixed code of RFC 1951 3.2.6."""
        if symbol < 144:
            self.code(0x30 + symbol, 8)
        elif symbol < 256:
            self.code(0x190 + symbol - 144, 9)
        elif symbol < 280:
            self.code(symbol - 256, 7)
        else:
            self.code(0xC0 + symbol - 280, 8)

    def match(self, length, distance):
        """3 to 10 bytes, or 258, from `distance` bytes back (RFC 1951 3.2.5)."""
        self.literal_or_length(285 if length == 258 else 254 + length)
        back = distance - 1
        extra = max(back.bit_length() - 2, 0)
        self.code(2 * extra + (back >> extra), 5)
        self.put(back & (1 << extra) - 1, extra)

    def fixed(self, *parts, final=0):
        """A block of bytes as they are, and of matches (length, distance)."""
        self.begin(final, 1)
        for part in parts:
            if isinstance(part, tuple):
                self.match(*part)
            else:
                for byte in part:
                    self.literal_or_length(byte)
        self.literal_or_length(256)
        if final:
            self.align()
        return self

    def zeros(self, matches):
        """1 + 258 * matches bytes of 00: the block has codes for literal 0 (10), the end (11), 258
        bytes (0) and from 1 byte back (0), and for nothing else."""
        self.begin(0, 2)
        self.put(286 - 257, 5)
        self.put(0, 5)  # one distance
        self.put(18 - 4, 4)
        lengths = {18: 1, 1: 2, 2: 2}  # of the codes for the lengths: 18 is 0, 1 is 10, 2 is 11
        for symbol in (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1):
            self.put(lengths.get(symbol, 0), 3)
        self.code(3, 2)  # 0 has a code of 2 bits
        for run in (138, 117):  # 1 to 255 have none
            self.code(0, 1)
            self.put(run - 11, 7)
        self.code(3, 2)  # 256: 2 bits
        self.code(0, 1)  # 257 to 284: none
        self.put(28 - 11, 7)
        self.code(2, 2)  # 285: 1 bit
        self.code(2, 2)  # distance 1: 1 bit
        self.code(2, 2)
        self.bits += [0] * (2 * matches)
        self.code(3, 2)
        return self

    def bytes(self):
        """As much of it as there is, filled up with zeros."""
        bits = self.bits + [0] * (-len(self.bits) % 8)
        return bytes(sum(bits[i + k] << k for k in range(8)) for i in range(0, len(bits), 8))

    def payload(self):
        """With the empty stored block at the end, whose 00 00 ff ff is left out."""
        self.put(0, 3)
        return self.bytes()
