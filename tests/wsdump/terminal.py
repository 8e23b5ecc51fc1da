"""A terminal for tests: programs in tmux, whose keys are pressed and whose pictures are read."""
import os
import pathlib
import shlex
import subprocess
import tempfile
import time

# Keys as wsdump's help writes them -> as tmux does, where it writes them otherwise.
TMUX_NAMES = {"PgUp": "PPage", "PgDn": "NPage", "Esc": "Escape", "Backspace": "BSpace"}
# As a terminal of type xterm sends them; tmux sends others, as its own type has them.
SEQUENCES = {"Home": "\x1bOH", "End": "\x1bOF"}
POLL = 0.015  # seconds between two looks at a picture
# The whole height is the program's, and its last picture stays.
CONFIGURATION = """
set -g status off
set -g remain-on-exit on
set -g default-terminal xterm-256color
set -s escape-time 0
"""


def tmux_name(key):
    if len(key) == 2 and key[0] == "^":
        return "C-" + key[1].lower()
    return TMUX_NAMES.get(key, key)


class Terminals:
    """A tmux server of its own; leaving its `with` block ends it and all that runs in it."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name)
        (self.path / "tmux.conf").write_text(CONFIGURATION)
        self.opened = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.tmux("kill-server", check=False)
        self.folder.cleanup()

    def tmux(self, *arguments, check=True):
        """Run a command of tmux; returns what it prints."""
        result = subprocess.run(
            ["tmux", "-L", f"wskit-test-{os.getpid()}", "-f", self.path / "tmux.conf", *arguments],
            env={**os.environ, "LC_ALL": "C.UTF-8", "TMUX": ""}, stdin=subprocess.DEVNULL,
            capture_output=True, timeout=30, check=False)
        if check and result.returncode:
            raise RuntimeError(f"tmux {arguments}: {result.stderr.decode()}")
        return result.stdout.decode("utf-8", "replace")

    def open(self, command, width, height, environment=None):
        """A terminal with this program in it."""
        self.opened += 1
        return Terminal(self, f"t{self.opened}", command, width, height, {
            "TZ": "UTC", "LC_ALL": "C.UTF-8", "TERM": "xterm-256color", **(environment or {})})


class Terminal:
    def __init__(self, terminals, name, command, width, height, environment):
        self.tmux, self.name = terminals.tmux, name
        self.stderr, self.raw = terminals.path / f"{name}.stderr", terminals.path / f"{name}.raw"
        self.result = terminals.path / f"{name}.status"
        line = shlex.join(["env", "-u", "NO_COLOR", "-u", "LANG",
                           *(f"{k}={v}" for k, v in environment.items()), *map(str, command)])
        self.tmux("new-session", "-d", "-s", name, "-x", str(width), "-y", str(height),
                  f"{line} 2>{self.stderr}; echo $? >{self.result}.new; "
                  f"mv {self.result}.new {self.result}")

    def press(self, *keys):
        for key in keys:
            if key in SEQUENCES:
                self.type(SEQUENCES[key])
            else:
                self.tmux("send-keys", "-t", self.name, tmux_name(key))

    def type(self, text):
        """Send characters as they are."""
        self.tmux("send-keys", "-t", self.name, "-l", text)

    def click(self, x, y, button=0):
        """The mouse at this cell, counted from 0; buttons 64 and 65 are the wheel, up and down."""
        self.type(f"\x1b[<{button};{x + 1};{y + 1}M")
        self.type(f"\x1b[<{button};{x + 1};{y + 1}m")

    def resize(self, width, height):
        self.tmux("resize-window", "-t", self.name, "-x", str(width), "-y", str(height))

    def picture(self, colours=False):
        """The lines of the screen, without the blanks at their ends."""
        text = self.tmux("capture-pane", "-p", "-t", self.name, *(["-e"] if colours else []))
        return [line.rstrip() for line in text.split("\n")[:-1]]

    def ask(self, format_):
        """What tmux knows of the terminal, such as "#{pane_title}"."""
        return self.tmux("display-message", "-p", "-t", self.name, format_).rstrip("\n")

    def record(self):
        """From now on, keep the bytes that the program writes; recorded() has them."""
        self.tmux("pipe-pane", "-t", self.name, f"exec cat >{self.raw}")

    def recorded(self):
        return self.raw.read_bytes() if self.raw.exists() else b""

    def until(self, condition, seconds=10):
        """The first picture for which condition(lines) holds; else the last one there was, and
        False."""
        end = time.monotonic() + seconds
        while True:
            lines = self.picture()
            if condition(lines):
                return lines, True
            if time.monotonic() > end:
                return lines, False
            time.sleep(POLL)

    def settled(self, seconds=0.22):
        """A picture that did not change for so long: two of wsdump's ticks."""
        since, last = time.monotonic(), self.picture()
        while time.monotonic() - since < seconds:
            time.sleep(POLL)
            lines = self.picture()
            if lines != last:
                since, last = time.monotonic(), lines
        return last

    def status(self, seconds=10):
        """The exit status of the program, as a shell has it; None when it does not end."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.result.exists():
                return int(self.result.read_text())
            time.sleep(POLL)
        return None
