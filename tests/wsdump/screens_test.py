#!/usr/bin/env python3
"""screens_test.py WSDUMP SOURCE_FOLDER [--valgrind] [--update] [TEST...]: wsdump's interface, on
terminals (tmux).

Pictures are compared with those in screens/*.txt, and those in README.md with what is drawn.
--update writes both anew: look at the difference before you commit it. --valgrind walks through all
screens once, under valgrind. Exit status 77: a program that is needed is missing."""
import difflib
import os
import pathlib
import re
import shutil
import socket
import struct
import sys
import time
import unicodedata
import unittest

from terminal import Terminals

ARGUMENTS = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
WSDUMP, SOURCE = (pathlib.Path(path).resolve() for path in ARGUMENTS[:2])
UPDATE, VALGRIND = "--update" in sys.argv, "--valgrind" in sys.argv
CAPTURES = SOURCE / "captures"
GOLDEN = pathlib.Path(__file__).parent / "screens"
SIZES = [(80, 24), (120, 40), (200, 50)]
PATIENCE = 60 if VALGRIND else 15  # seconds until a picture must be there

terminals = None  # the Terminals of this run


def mask(lines):
    """Without what differs from run to run: the memory that is used."""
    return [re.sub(r" *mem \d+/\d+ MiB", "  mem #", line) for line in lines]


def screen_of(lines):
    """The name of the screen that is shown."""
    return lines[1].split()[0] if len(lines) > 1 and lines[1].split() else ""


def is_loaded(lines):
    """The connections are there, and the capture was read."""
    return len(lines) > 1 and "reading" not in lines[0] and \
        re.match(r" connections [1-9]", lines[1]) is not None


PROMPT = re.compile(r"^(Filter: |Search: |Leave\?|Save )")


def has_prompt(lines):
    return any(PROMPT.match(line) for line in lines[-4:])


# ---- Golden pictures -----------------------------------------------------------------------------
# A file has a section per step: "==== 7 what was done", then those lines of the screen that are not
# as in the section before, each behind its number; or "as 3", when the whole picture is that one.

def changes(before, after):
    return [f"{n:2}|{line}" for n, line in enumerate(after)
            if n >= len(before) or before[n] != line]


def applied(before, changed, height):
    lines = (before + [""] * height)[:height]
    for line in changed:
        number, text = line.split("|", 1)
        lines[int(number)] = text
    return lines


class Golden:
    """The pictures of a file, one after the other."""

    def __init__(self, name):
        self.path = GOLDEN / f"{name}.txt"
        self.pictures = []
        self.text = "" if UPDATE or not self.path.exists() else self.path.read_text()
        self.sections = re.split(r"^==== ", self.text, flags=re.M)[1:]

    def next(self, step, size):
        """What must be shown behind this step; None when the file has another script."""
        at = len(self.pictures)
        if at >= len(self.sections):
            return None
        title, *lines = self.sections[at].splitlines()
        if title != f"{at} {step}":
            return None
        if lines and lines[0].startswith("as "):
            self.pictures.append(self.pictures[int(lines[0][3:])])
        else:
            self.pictures.append(applied(self.last(size), lines, size[1]))
        return self.pictures[-1]

    def last(self, size):
        last = self.pictures[-1] if self.pictures else []
        return last if len(last) == size[1] else []

    def add(self, step, picture):
        lines = changes(self.last((0, len(picture))), picture)
        if lines and picture in self.pictures:
            lines = [f"as {self.pictures.index(picture)}"]
        self.text += "\n".join([f"==== {len(self.pictures)} {step}", *lines, ""])
        self.pictures.append(picture)

    def save(self):
        GOLDEN.mkdir(exist_ok=True)
        self.path.write_text(self.text)


class Walk:
    """A script of steps, each of which leads to a known picture.

    A step is a key; "type TEXT"; "size WxH"; "click X Y"; "wheel up X Y", "wheel down X Y"."""

    def __init__(self, test, name, terminal, size):
        self.test, self.terminal, self.size, self.golden = test, terminal, size, Golden(name)
        self.picture, self.watch = [], lambda picture, size: None

    def do(self, step):
        what, _, rest = step.partition(" ")
        if what == "type":
            self.terminal.type(rest)
        elif what == "size":
            self.size = tuple(map(int, rest.split("x")))
            self.terminal.resize(*self.size)
        elif what == "click":
            self.terminal.click(*map(int, rest.split()))
        elif what == "wheel":
            way, x, y = rest.split()
            self.terminal.click(int(x), int(y), 64 if way == "up" else 65)
        else:
            if not has_prompt(self.picture):
                self.test.pressed.setdefault(screen_of(self.picture), set()).add(step)
            self.terminal.press(step)

    def check(self, step):
        """The picture behind this step is the golden one, soon."""
        if UPDATE:
            self.picture = mask(self.terminal.settled())
            self.golden.add(step, self.picture)
            self.watch(self.picture, self.size)
            return
        name = self.golden.path.name
        wanted = self.golden.next(step, self.size)
        self.test.assertIsNotNone(wanted, f"{name} has no picture of \"{step}\" here: --update")
        lines, same = self.terminal.until(lambda lines: mask(lines) == wanted, PATIENCE)
        if not same:
            self.test.fail("\n".join([
                f"{name}: {len(self.golden.pictures) - 1} {step}:",
                *difflib.unified_diff(wanted, mask(lines), "wanted", "shown", lineterm="", n=1),
                self.terminal.stderr.read_text()]))
        self.picture = wanted
        self.watch(self.picture, self.size)

    def run(self, steps):
        self.check("begin")
        for step in steps:
            self.do(step)
            self.check(step)
        if UPDATE:
            self.golden.save()
        else:
            self.test.assertEqual(len(self.golden.pictures), len(self.golden.sections),
                                  f"{self.golden.path.name} has more pictures than the script")


# ---- Scripts -------------------------------------------------------------------------------------

# Every screen of a connection, and back to the connections.
TOUR = ["?", "Esc", "!", "q", "i", "q", "H", "q", "l", "q", "a", "q", "Enter", "i", "q", "Down",
        "Enter", "b", "x", "Tab", "q", "q"]

MOVES = ["j", "Down", "k", "Up", "PgDn", "PgUp", "^F", "^B", "^D", "^U", "G", "g", "End", "Home"]
SIDEWAYS = ["Right", "Left"]
EVERYWHERE = ["F1", "q", "?", "Esc", "p", "p", "t", "t", "t", "^L", "Esc"]
OTHERS = ["F8", "q", "i", "F10", "F9", "q", "!", "q"]
SAVING = ["w", "Esc", "F2", "Esc", "y"]
OF_ONE = ["F5", "q", "l", "q", "F7", "q", "H", "q"]


def search(text):
    return ["/", f"type {text}", "Enter", "n", "N", "F3", "type nowhere to be found", "Enter",
            "/", "type aborted", "Esc"]


def filtering(text):
    """Two wrong filters, a right one, and none again."""
    return ["\\", "type code > > 1", "Enter", "Esc", "F4", "type colour == 1", "Enter", "^U",
            f"type {text}", "Enter", "F4", "^U", "Enter"]


# screen -> its capture, how to get there, and its keys.
KEYS = {
    "connections": ("closing", [], [
        *MOVES, *SIDEWAYS, "Space", "Space", "<", ">", "F6", "I", "I", "a", "q", "Enter", "q",
        *search("1"), *filtering("code > 1000"), "F", "F", *OF_ONE]),
    "messages": ("fragments", ["Enter"], [
        *MOVES, "Space", "Space", "j", "m", "j", "+", "f", "f", "z", "z", "Tab", "x", "x", "x", *SIDEWAYS, "G",
        "Enter", "q", *search("after"), *filtering("type == text"), "F", "F", *OF_ONE]),
    "detail": ("fragments", ["Enter", "j", "Enter"], [
        *MOVES, *SIDEWAYS, "Tab", "Tab", "Tab", "x", "x", "b", "b", "Enter", "Space", "]", "[",
        *search("fr"), *OF_ONE]),
    "ladder": ("fragments", ["l"], [
        *MOVES, "Space", "Space", *SIDEWAYS, "Enter", "q", *search("after"), *filtering("type == text"), "F", "F",
        *OF_ONE]),
    "statistics": ("fragments", ["Enter", "i"], [*MOVES, *SIDEWAYS, *search("close"), *OF_ONE]),
    "handshake": ("refused", ["j", "H"], [*MOVES, *SIDEWAYS, *search("the"), *OF_ONE]),
    "findings": ("closing", ["!"], [
        *MOVES, "Space", "Space", *SIDEWAYS, "Enter", "q", *search("no"), *filtering("from == client"), "F", "F",
        *OF_ONE]),
    "help": ("closing", ["?"], [*MOVES, *SIDEWAYS, "w", "F2", "y", *search("screen")]),
}


def is_whole_help(lines):
    return screen_of(lines) == "help" and any("With a mouse" in line for line in lines)


def keys_of_help(lines):
    """The keys that a help screen names."""
    rows = (re.match(r"  (\S+(?: \S+)*)  +\S", line) for line in lines)
    return {key for row in rows if row for key in row[1].split()}


# What README.md says of a picture, in a comment: the capture, the size, the keys; and the picture.
PICTURE = re.compile(r"<!-- screens_test.py: (\S+) (\d+)x(\d+) ?(.*?) -->\n```\n(.*?)```", re.S)


# ---- Traffic -------------------------------------------------------------------------------------

HARM = [b"\x1b]2;PWNED", b"\x1b]52;c;UFdORUQ=", b"\x1b[77;77m", b"\x1b[?1049l\x1b[66;66H",
        b"\x9b77;77m", b"\xc2\x9b77;77m", b"\x1bP+q", b"\x0e\x0f", "\u202e".encode(),
        "\u2066".encode()]
HOSTILE = [  # of opcode 1, but for the last ones
    *(b"hostile " + harm + b"\x07 seen" for harm in HARM),
    "hostile wide 漢字かな交じり文。全角ＡＢＣ 한국어 😀👩‍👩‍👧‍👦🇩🇪 ".encode() * 5,
    ("hostile marks e\u0301 a" + "\u0300\u0316" * 40 + " z\u20dd " + "\u0301" * 9).encode(),
    b"hostile invalid \xff\xfe\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80 \xe6\xbc",
    b"hostile\ttab\r\nlines\x00\x01\x08\x08\x0b\x0c\x7f",
    b'{"hostile": "\\u001b[77;77m \x1b[77;77m", "\xe6\xbc\xa2": [1, "' + HARM[0] + b'"]}',
]


def frame(opcode, payload, key=None):
    """Masked where there is a key."""
    size = bytes([len(payload)]) if len(payload) < 126 else b"\x7e" + struct.pack(">H", len(payload))
    size = bytes([size[0] | (0x80 if key else 0)]) + size[1:]
    masked = bytes(byte ^ key[n % 4] for n, byte in enumerate(payload)) if key else payload
    return bytes([0x80 | opcode]) + size + (key or b"") + masked


REQUEST = (b"GET /%s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
RESPONSE = (b"HTTP/1.1 101 %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")


def hostile_capture():
    """A pcap file (raw IP) of a conversation of which each part wants to harm the terminal."""
    packets, next_ = [], [1000, 5000]

    def say(who, data, flags=0x18):
        tcp = struct.pack(">HHIIBBHHH", *((40000, 80) if who == 0 else (80, 40000)), next_[who],
                          next_[1 - who], 0x50, flags, 65535, 0, 0) + data
        addresses = [bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])]
        packets.append(struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 7, 0, 64, 6, 0) +
                       addresses[who] + addresses[1 - who] + tcp)
        next_[who] += len(data) + (flags & 0x03 != 0)

    say(0, b"", 0x02)
    say(1, b"", 0x12)
    say(0, REQUEST % (b"hostile" + HARM[2] + "漢字".encode() + b"\xff",
                      b"\x1b]2;PWNED\x07h\r\nX-\x9b77;77m: " + HARM[3]))
    say(1, RESPONSE % b"\x1b[77;77m")
    for n, payload in enumerate(HOSTILE):
        say(n % 2, frame(1 if n % 3 else 2, payload, None if n % 2 else b"\x1b]2;"))
    say(0, frame(8, struct.pack(">H", 1000) + HARM[0] + b"\x07", b"\x00\x9b\x1b["))
    records = (struct.pack("<IIII", 1600000000, n * 1000, len(p), len(p)) + p
               for n, p in enumerate(packets))
    return struct.pack("<IHHIIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 101) + b"".join(records)


def connect(listener):
    """Both ends of a connection behind its opening handshake."""
    client = socket.create_connection(listener.getsockname())
    server = listener.accept()[0]
    client.sendall(REQUEST % (b"live", b"localhost"))
    server.recv(1000)
    server.sendall(RESPONSE % b"Switching Protocols")
    client.recv(1000)
    return client, server


def columns(text):
    """How many a terminal takes for it."""
    return sum(0 if unicodedata.combining(c) or unicodedata.category(c) in ("Mn", "Me", "Cf") else
               2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


class Screens(unittest.TestCase):
    def setUp(self):
        self.pressed = {}  # screen -> the keys that were pressed on it

    def open(self, capture, size, environment=None, options=()):
        command = [WSDUMP, "-r", capture if "/" in str(capture) else CAPTURES / capture, *options]
        if VALGRIND:
            command = ["valgrind", "--leak-check=full", "--errors-for-leak-kinds=definite,indirect",
                       "--show-leak-kinds=definite,indirect", "--error-exitcode=99",
                       "--quiet", "--undef-value-errors=no", *command]
        return terminals.open(command, *size, environment)

    def leave(self, terminal, keys=("Q",)):
        """q at the first screen: status 0, and nothing said that is none of a user's."""
        terminal.press(*keys)
        status = terminal.status(PATIENCE)
        self.assertEqual(status, 0, terminal.stderr.read_text())

    def walk(self, name, capture, size, steps, environment=None, options=()):
        terminal = self.open(capture, size, environment, options)
        walk = Walk(self, name, terminal, size)
        walk.run(steps)
        return terminal

    # ---- Every screen, at every size -------------------------------------------------------------

    def test_every_screen_at_every_size(self):
        for size in SIZES[1:2] if VALGRIND else SIZES:
            with self.subTest(size=size):
                self.leave(self.walk(f"tour-{size[0]}x{size[1]}", "fragments.pcapng", size, TOUR),
                           ["q"])

    def test_every_key_that_a_help_names(self):
        for screen, (capture, way, keys) in KEYS.items():
            with self.subTest(screen=screen):
                last = [] if screen == "connections" else ["F10"]
                saving = [] if screen == "help" else SAVING
                steps = [*way, *keys, *OTHERS, *saving, *EVERYWHERE, *(way[-1:] if screen == "help" else []),
                         *last]
                terminal = self.walk(f"keys-{screen}", f"{capture}.pcapng", (80, 24), steps)
                self.leave(terminal, ["F10"] if screen == "connections" else ["Q"])
                self.pressed.setdefault(screen, set()).update(
                    {"F10", "q"} if screen == "connections" else set())
                terminal = self.open(f"{capture}.pcapng", (120, 60))
                terminal.until(is_loaded)
                terminal.press(*way)
                before, there = terminal.until(lambda lines: screen_of(lines) == screen and
                                               (screen != "help" or is_whole_help(lines)))
                self.assertTrue(there, before)
                terminal.press("?")
                help_, shown = terminal.until(lambda lines: is_whole_help(lines) and lines != before)
                self.assertTrue(shown, help_)
                self.assertIn("Q", keys_of_help(help_))
                self.leave(terminal, ["q", "Q"] if screen == "connections" else ["Q"])
                missing = keys_of_help(help_) - self.pressed[screen] - {"Q"}
                if screen == "help":  # it has no connection: these say so
                    missing -= {"F5", "l", "F7", "H"}
                self.assertFalse(missing, f"keys of {screen} that no step presses")

    def test_begins_where_it_is_told_to(self):
        for name, place, steps in [("frame", "1:9", ["Enter", "q", "j", "q"]),
                                   ("connection", "1", ["q"]), ("no-frame", "1:999", ["j"]),
                                   ("no-connection", "7", ["Esc", "q"])]:
            with self.subTest(name):
                self.leave(self.walk(f"goto-{name}", "fragments.pcapng", (80, 24), steps,
                                     options=["--goto", place]))

    def test_begins_where_it_is_told_to_while_the_file_still_fills(self):
        pipe = terminals.path / "filling.pcapng"
        os.mkfifo(pipe)
        whole = (CAPTURES / "many.pcapng").read_bytes()
        number = "12"  # its open record and frames come late
        terminal = self.open(pipe, (80, 24), options=["--goto", f"{number}:3"])
        with open(pipe, "wb", buffering=0) as filling:
            filling.write(whole[:len(whole) * 5 // 8])
            lines, waits = terminal.until(lambda lines: f"of connection {number}: 1 of" in lines[1])
            self.assertTrue(waits, lines)
            self.assertNotIn("#3 ", "\n".join(lines))
            filling.write(whole[len(whole) * 5 // 8:])
        lines, found = terminal.until(lambda lines: re.search(
            rf"of connection {number}: \d+ of", lines[1]) and "reading" not in lines[0])
        self.assertTrue(found, lines)
        row = int(re.search(r": (\d+) of", lines[1])[1])
        self.assertIn("#3 ", lines[2 + row], lines)
        self.leave(terminal)

    # ---- Sizes, the mouse, terminals with less -----------------------------------------------------

    def test_resizing_at_any_moment(self):
        terminal = self.walk("resize", "fragments.pcapng", (80, 24), [
            "size 120x40", "Enter", "size 80x24", "size 200x50", "Tab", "size 60x20", "j", "Enter",
            "b", "size 120x40", "size 40x10", "size 18x5", "size 80x24", "q", "\\",
            "type type ==", "size 100x30", "Enter", "size 50x12", "Esc", "l", "size 120x30", "i",
            "size 70x20", "?", "size 120x40", "Esc", "q", "H", "size 80x24", "q", "q"])
        for width in range(20, 140, 7):
            terminal.resize(width, 5 + width // 4)
        terminal.resize(80, 24)
        lines, whole = terminal.until(lambda lines: len(lines) == 24 and
                                      lines[23].startswith("EnterOpen"))
        self.assertTrue(whole, lines)
        self.leave(terminal)

    def test_mouse(self):
        self.leave(self.walk("mouse", "closing.pcapng", (120, 40), [
            "click 5 6", "wheel down 5 6", "wheel up 5 6", "click 60 2", "click 60 2", "click 10 9",
            "click 10 9", "click 90 8", "wheel down 90 8", "click 20 4", "click 12 39", "Esc"]))

    def test_terminals_with_less(self):
        for name, environment in {"no-colour": {"NO_COLOR": "1"}, "ascii": {"LC_ALL": "C"},
                                  "vt100": {"TERM": "vt100"}}.items():
            with self.subTest(name):
                self.leave(self.walk(name, "fragments.pcapng", (80, 24), TOUR, environment), ["q"])

    def test_colours_only_where_they_are_wanted(self):
        for environment, wanted in [({}, r"\x1b\[[0-9;]*38;5;"),
                                    ({"TERM": "xterm"}, r"\x1b\[[0-9;]*3[0-7]m"),
                                    ({"NO_COLOR": "1"}, None), ({"TERM": "vt100"}, None)]:
            with self.subTest(environment):
                terminal = self.open("closing.pcapng", (120, 40), environment)
                terminal.until(is_loaded)
                terminal.press("Enter")
                lines, shown = terminal.until(lambda lines: screen_of(lines) == "messages")
                self.assertTrue(shown, lines)
                text = "\n".join(terminal.picture(colours=True))
                self.assertRegex(text, wanted or r"\x1b\[")  # without colours: attributes
                if not wanted:
                    self.assertNotRegex(text, r"\x1b\[([0-9;]*;)?([349][0-8])[;m]")
                if "TERM" in environment:
                    self.assertNotRegex(text, r"[34]8;5;")
                self.leave(terminal)

    # ---- Payloads that want to harm ----------------------------------------------------------------

    def test_nothing_in_the_traffic_breaks_the_screen(self):
        capture = terminals.path / "hostile.pcap"
        capture.write_bytes(hostile_capture())
        for size in SIZES:
            with self.subTest(size=size):
                terminal = self.open(capture, size)
                terminal.record()
                walk = Walk(self, f"hostile-{size[0]}x{size[1]}", terminal, size)
                walk.watch = self.is_whole
                walk.run(["^L", "H", "q", "l", "q", "Enter", "^L",
                          *["j"] * len(HOSTILE), "g", "j", "Enter", "x", "Tab", *["]"] * 9, "q",
                          "q"])
                self.assertEqual(terminal.ask("#{alternate_on} #{pane_in_mode}"), "1 0")
                self.assertNotIn("PWNED", terminal.ask("#{pane_title}"))
                written = terminal.recorded()
                self.assertIn(b"hostile", written)
                for harm in HARM:
                    self.assertNotIn(harm, written)
                self.leave(terminal)

    def is_whole(self, lines, size):
        """The rows around a screen are where they belong, and the wall is straight."""
        self.assertEqual(len(lines), size[1])
        self.assertRegex(lines[0], r"^ wsdump  hostile.pcap  ")
        self.assertRegex(lines[-1], r"^(Enter|Tab|F1)")
        self.assertNotRegex("".join(lines), r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
        if size[0] >= 120 and screen_of(lines) == "messages":
            walls = {columns(line[:line.index("│")]) if "│" in line else None
                     for line in lines[2:-1]}
            self.assertEqual(walls, {size[0] * 11 // 20}, "\n".join(lines))

    # ---- Live --------------------------------------------------------------------------------------

    def test_live_capture(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            terminal = terminals.open([WSDUMP, "-i", "lo", f"tcp port {port}"], 120, 40)
            lines, ready = terminal.until(lambda lines: screen_of(lines) == "connections", PATIENCE)
            if not ready:
                self.skipTest("may not capture here: " + terminal.stderr.read_text())

            def shows(*patterns):
                lines, shown = terminal.until(lambda lines: all(
                    re.search(pattern, "\n".join(lines)) for pattern in patterns), PATIENCE)
                self.assertTrue(shown, "\n".join([f"wanted: {patterns}", *lines,
                                                  terminal.stderr.read_text()]))

            client, server = connect(listener)
            shows(r"open +localhost/live", r"drops 0")
            terminal.press("Enter")
            server.sendall(b"\x81\x05first")
            shows(r"◀ text +5 B first")
            terminal.press("p")
            shows("paused")
            server.sendall(b"\x81\x06second" * 20)
            time.sleep(0.3)
            lines = terminal.picture()
            self.assertFalse([line for line in lines if "second" in line], lines)
            terminal.press("p")
            shows(r"◀ text +6 B second", "22 rows")  # and follows them
            client.close()
            server.close()
            terminal.press("q", "q")
            shows(r"Leave\?.*not saved \(y, n\)")
            terminal.press("n")
            shows("^ wsdump.*\n connections", "EnterOpen")
            terminal.press("q", "Esc", "q", "y")
            self.assertEqual(terminal.status(PATIENCE), 0, terminal.stderr.read_text())

    # ---- README ------------------------------------------------------------------------------------

    def test_pictures_in_readme_are_what_is_drawn(self):
        path = SOURCE / "README.md"
        text = path.read_text()
        pictures = list(PICTURE.finditer(text))
        self.assertGreaterEqual(len(pictures), 3)
        for found in reversed(pictures):
            capture, width, height, keys, block = found.groups()
            terminal = self.open(capture, (int(width), int(height)))
            terminal.until(is_loaded)
            terminal.press(*keys.split())
            if UPDATE:
                text = text[:found.start(5)] + "\n".join(terminal.settled()) + "\n" + \
                    text[found.end(5):]
            else:
                wanted = block.split("\n")[:-1]
                lines, same = terminal.until(lambda lines: mask(lines) == mask(wanted), PATIENCE)
                self.assertTrue(same, "\n".join(difflib.unified_diff(wanted, lines, "README.md",
                                                                     "shown", lineterm="")))
            self.leave(terminal)
        if UPDATE:
            path.write_text(text)


def programs():
    for program in ["tmux", *(["valgrind"] if VALGRIND else [])]:
        if not shutil.which(program):
            print(f"SKIPPED: {program} is missing")
            sys.exit(1 if os.environ.get("CI") else 77)


if __name__ == "__main__":
    programs()
    with Terminals() as terminals:
        chosen = ["Screens.test_every_screen_at_every_size"] if VALGRIND else ARGUMENTS[2:]
        unittest.main(argv=[sys.argv[0], *chosen], verbosity=2)
