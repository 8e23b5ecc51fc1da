"""A program in a pseudo-terminal: what it writes is kept with its time, and afterwards replayed on
a screen, so that reading a picture takes nothing from the program that is measured."""
import codecs
import fcntl
import os
import pty
import re
import struct
import termios
import threading
import time

ROWS, COLUMNS = 40, 120

CONTROL = re.compile(r"\x1b\[([?>]?)([\d;]*)([@-~])|\x1b[()][\x20-\x7e]|\x1b[=>78cDEM]|[\x00-\x1f]")
UNFINISHED = re.compile(r"\x1b([\[()][?>]?[\d;]*)?$")


class Screen:
    """What ncurses uses of an xterm, without colours; every character is one column wide."""

    def __init__(self):
        self.rows = [[" "] * COLUMNS for _ in range(ROWS)]
        self.y = self.x = 0
        self.top, self.bottom = 0, ROWS - 1
        self.last = " "
        self.rest = ""
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def text(self, row):
        return "".join(self.rows[row])

    def feed(self, data):
        text = self.rest + self.decoder.decode(data)
        cut = UNFINISHED.search(text)
        self.rest = text[cut.start():] if cut else ""
        text = text[:cut.start()] if cut else text
        at = 0
        for control in CONTROL.finditer(text):
            self.put(text[at:control.start()])
            self.obey(control)
            at = control.end()
        self.put(text[at:])

    def put(self, text):
        for character in text:
            if self.x >= COLUMNS:
                self.y, self.x = min(self.y + 1, ROWS - 1), 0
            self.rows[self.y][self.x] = self.last = character
            self.x += 1

    def obey(self, control):
        word = control[0]
        if control[3] and not control[1]:
            numbers = [int(n) if n else 0 for n in control[2].split(";")]
            act = getattr(self, f"do_{ord(control[3]):x}", None)
            if act:
                act(numbers)
        elif word == "\r":
            self.x = 0
        elif word == "\b":
            self.x = max(min(self.x, COLUMNS) - 1, 0)
        elif word in ("\n", "\x1bD"):
            if self.y == self.bottom:
                self.scroll(self.top, 1)
            else:
                self.y = min(self.y + 1, ROWS - 1)
        elif word == "\x1bM":
            if self.y == self.top:
                self.scroll(self.top, -1)
            else:
                self.y = max(self.y - 1, 0)

    def scroll(self, top, count):
        """Moves the rows from `top` to the bottom up, or for a negative count down."""
        region = self.rows[top:self.bottom + 1]
        count = max(-len(region), min(count, len(region)))
        empty = [[" "] * COLUMNS for _ in range(abs(count))]
        moved = region[count:] + empty if count >= 0 else empty + region[:count]
        self.rows[top:self.bottom + 1] = moved

    def erase(self, y, start, end):
        self.rows[y][start:end] = [" "] * (end - start)

    def do_41(self, n):  # A: up
        self.y = max(self.y - max(n[0], 1), 0)

    def do_42(self, n):  # B: down
        self.y = min(self.y + max(n[0], 1), ROWS - 1)

    def do_43(self, n):  # C: right
        self.x = min(self.x + max(n[0], 1), COLUMNS - 1)

    def do_44(self, n):  # D: left
        self.x = max(self.x - max(n[0], 1), 0)

    def do_47(self, n):  # G: column
        self.x = min(max(n[0], 1), COLUMNS) - 1

    def do_64(self, n):  # d: row
        self.y = min(max(n[0], 1), ROWS) - 1

    def do_48(self, n):  # H: row and column
        self.do_64(n)
        self.do_47(n[1:] or [1])

    def do_4a(self, n):  # J: erase the screen from here on, or all of it
        if n[0] == 0:
            self.erase(self.y, self.x, COLUMNS)
        for y in range(self.y + 1 if n[0] == 0 else 0, ROWS):
            self.erase(y, 0, COLUMNS)

    def do_4b(self, n):  # K: erase to the end of the row, from its beginning, or all of it
        end = min(self.x + 1, COLUMNS) if n[0] == 1 else COLUMNS
        self.erase(self.y, 0 if n[0] else self.x, end)

    def do_58(self, n):  # X: erase characters
        self.erase(self.y, self.x, min(self.x + max(n[0], 1), COLUMNS))

    def do_50(self, n):  # P: delete characters
        row = self.rows[self.y]
        del row[self.x:self.x + max(n[0], 1)]
        row.extend(" " * (COLUMNS - len(row)))

    def do_40(self, n):  # @: insert spaces
        row = self.rows[self.y]
        row[self.x:self.x] = " " * max(n[0], 1)
        del row[COLUMNS:]

    def do_4c(self, n):  # L: insert rows
        self.scroll(self.y, -max(n[0], 1))

    def do_4d(self, n):  # M: delete rows
        self.scroll(self.y, max(n[0], 1))

    def do_53(self, n):  # S: scroll up
        self.scroll(self.top, max(n[0], 1))

    def do_54(self, n):  # T: scroll down
        self.scroll(self.top, -max(n[0], 1))

    def do_72(self, n):  # r: the rows that scroll
        self.top, self.bottom = max(n[0], 1) - 1, (n[1] if len(n) > 1 and n[1] else ROWS) - 1
        self.y = self.x = 0

    def do_62(self, n):  # b: the last character again
        self.put(self.last * max(n[0], 1))


class Terminal:
    """A program that runs in a pseudo-terminal. Times are those of time.monotonic()."""

    def __init__(self, command):
        self.pieces = []  # (time, bytes written)
        self.started = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", LC_ALL="C.UTF-8")
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
            os.execvp(command[0], command)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        while True:
            try:
                data = os.read(self.fd, 65536)
            except OSError:  # how a pseudo-terminal says that the program has ended
                return
            self.pieces.append((time.monotonic(), data))

    def press(self, key):
        """Returns when."""
        os.write(self.fd, key.encode())
        return time.monotonic()

    def quiet_for(self):
        """Seconds without output."""
        return time.monotonic() - (self.pieces[-1][0] if self.pieces else self.started)

    def peak_memory(self):
        """In MiB. Not what wait4 says: that has the Python interpreter before exec in it."""
        with open(f"/proc/{self.pid}/status") as status:
            return int(re.search(r"VmHWM:\s*(\d+)", status.read())[1]) / 1024

    def end(self, signal):
        """Ends the program and returns its resource usage."""
        os.kill(self.pid, signal)
        self.reader.join()
        return os.wait4(self.pid, 0)[2]

    def replay(self, until=float("inf")):
        """The screen after every piece of output, with its time."""
        screen = Screen()
        for when, data in list(self.pieces):
            if when > until:
                return
            screen.feed(data)
            yield when, screen

    def written(self):
        """All that was written, for what a program says when its screens are gone."""
        return b"".join(data for _, data in self.pieces).decode(errors="replace")
