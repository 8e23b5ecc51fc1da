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
import threading
import time
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
    return [re.sub(r"mem \d+/", "mem #/", line) for line in lines]


def screen_of(lines):
    """The name of the screen that is shown."""
    return lines[1].split()[0] if len(lines) > 1 and lines[1].split() else ""


PROMPT = re.compile(r"^(Filter: |Search: |Leave\?)")


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
        self.picture = []

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
        *MOVES, "j", "m", "j", "+", "f", "f", "z", "z", "Tab", "x", "x", "x", *SIDEWAYS, "G",
        "Enter", "q", *search("after"), *filtering("type == text"), "F", "F", *OF_ONE]),
    "detail": ("fragments", ["Enter", "j", "Enter"], [
        *MOVES, *SIDEWAYS, "Tab", "Tab", "Tab", "x", "x", "b", "b", "Enter", "Space", "]", "[",
        *search("fr"), *OF_ONE]),
    "ladder": ("fragments", ["l"], [
        *MOVES, *SIDEWAYS, "Enter", "q", *search("after"), *filtering("type == text"), "F", "F",
        *OF_ONE]),
    "statistics": ("fragments", ["i"], [*MOVES, *SIDEWAYS, *search("close")]),
    "handshake": ("refused", ["j", "H"], [*MOVES, *SIDEWAYS, *search("the"), *OF_ONE]),
    "findings": ("closing", ["!"], [
        *MOVES, *SIDEWAYS, "Enter", "q", *search("no"), *filtering("from == client"), "F", "F",
        *OF_ONE]),
    "help": ("closing", ["?"], [*MOVES, *SIDEWAYS, *search("screen"), *OTHERS]),
}


def keys_of_help(lines):
    """The keys that a help screen names."""
    rows = (re.match(r"  (\S+(?: \S+)*)  +\S", line) for line in lines)
    return {key for row in rows if row for key in row[1].split()}


class Screens(unittest.TestCase):
    def setUp(self):
        self.pressed = {}  # screen -> the keys that were pressed on it

    def open(self, capture, size, environment=None, options=()):
        command = [WSDUMP, "-r", capture if "/" in str(capture) else CAPTURES / capture, *options]
        if VALGRIND:
            self.log = terminals.path / "valgrind.log"
            command = ["valgrind", "--leak-check=full", "--errors-for-leak-kinds=definite,indirect",
                       "--show-leak-kinds=definite,indirect", "--error-exitcode=99",
                       f"--log-file={self.log}", *command]
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
        for size in SIZES:
            with self.subTest(size=size):
                self.leave(self.walk(f"tour-{size[0]}x{size[1]}", "fragments.pcapng", size, TOUR),
                           ["q"])

    def test_every_key_that_a_help_names(self):
        for screen, (capture, way, keys) in KEYS.items():
            with self.subTest(screen=screen):
                others = [] if screen == "help" else OTHERS
                steps = [*way, *keys, *others, *([] if screen == "help" else EVERYWHERE)]
                terminal = self.walk(f"keys-{screen}", f"{capture}.pcapng", (80, 24), steps)
                self.leave(terminal)
                self.pressed.setdefault(screen, set()).add("Q")
                terminal = self.open(f"{capture}.pcapng", (120, 60))
                terminal.until(lambda lines: "packets" in lines[0])
                terminal.press(*way, "?")
                help_, shown = terminal.until(lambda lines: screen_of(lines) == "help" and
                                              any("With a mouse" in line for line in lines))
                self.assertTrue(shown, help_)
                missing = keys_of_help(help_) - self.pressed[screen]
                self.assertFalse(missing, f"keys of {screen} that no step presses")
                self.leave(terminal)


def programs():
    for program in ["tmux", *(["valgrind"] if VALGRIND else [])]:
        if not shutil.which(program):
            print(f"SKIPPED: {program} is missing")
            sys.exit(1 if os.environ.get("CI") else 77)


if __name__ == "__main__":
    programs()
    with Terminals() as terminals:
        unittest.main(argv=[sys.argv[0], *ARGUMENTS[2:]], verbosity=2)
