#!/usr/bin/env python3
"""watch_test.py WSLAB SOURCE_FOLDER [TEST...]: wslab watch on a terminal (tmux). Exit status 77: tmux
is missing."""
import os
import pathlib
import shlex
import shutil
import sys
import time
import unittest

from course import Course

WSLAB, SOURCE = (pathlib.Path(path).resolve() for path in sys.argv[1:3])
sys.path.insert(0, str(SOURCE / "tests/wsdump"))
from terminal import Terminals  # noqa: E402  (found by the line above)

PATIENCE = 30  # seconds until a picture must be there
KEYS = "Enter or c: check now  h: hint  n: next lesson  s: show in wsdump  l: list  q: quit"

terminals = None


class Watch(unittest.TestCase):
    def setUp(self):
        self.course = Course(WSLAB)
        self.addCleanup(self.course.folder.cleanup)

    def open(self, *arguments, **environment):
        self.terminal = terminals.open(self.course.command(*arguments), 110, 45,
                                       {"NO_COLOR": "1", **environment})
        return self.terminal

    def see(self, *texts):
        """Wait for a picture with all of these in it."""
        lines, good = self.terminal.until(
            lambda lines: all(text in "\n".join(lines) for text in texts), PATIENCE)
        self.assertTrue(good, f"{texts} are not all in:\n" + "\n".join(lines))
        return "\n".join(lines)

    def quit(self, key="q"):
        self.terminal.press(key)
        self.assertEqual(self.terminal.status(PATIENCE), 0)

    def save_and_see(self):
        """As editors do: in place, and by another file that takes the name."""
        self.course.replace('puts("one")', 'puts("eins")')
        self.see("FAIL 00.1", KEYS)
        new = self.course.exercise(0).with_suffix(".new")
        new.write_text(self.course.solution(0).read_text())
        os.replace(new, self.course.exercise(0))
        self.see("Lesson 00 is passed.", "2 of 4 checks"[1:], KEYS)

    def test_first_picture(self):
        self.open()
        said = self.see("FAIL 00.2", KEYS)
        self.assertTrue(said.startswith("[......"), said)
        self.assertIn("by hand: wslab check 00 | wslab hint 00 | wslab check | wslab show 00.N | "
                      "wslab list", said)
        self.assertIn("watching lessons/00_first/exercise.c", said)
        self.assertIn("This is the exercise as it came", said)
        self.quit()

    def test_terminal_that_lets_only_one_group_write(self):
        command = shlex.join(map(str, self.course.command()))
        self.terminal = terminals.open(
            ["sh", "-c", f"stty tostop; exec env --default-signal {command}"], 110, 45,
            {"NO_COLOR": "1"})
        self.see("FAIL 00.2", KEYS)
        self.quit()

    def test_saves_are_seen(self):
        self.open()
        self.see("FAIL 00.2", "watching lessons/00_first/exercise.c")
        self.save_and_see()
        self.quit()

    def test_saves_are_seen_by_polling(self):
        self.open("watch", "--poll")
        self.see("FAIL 00.2", "looking twice a second at lessons/00_first/exercise.c")
        self.save_and_see()
        self.quit()

    def test_other_files_in_the_folder_are_nothing(self):
        self.open()
        self.see("FAIL 00.2", KEYS)
        self.terminal.press("h")  # would be gone when it checked again
        self.see("hint 1 of 3 for 00.2")
        (self.course.exercise(0).parent / "notes.txt").write_text("x")
        os.utime(self.course.exercise(0).parent)
        time.sleep(1)
        self.see("hint 1 of 3 for 00.2")
        self.quit()

    def test_keys(self):
        self.open()
        self.see("FAIL 00.2", KEYS)
        self.terminal.press("h")
        self.see("hint 1 of 3 for 00.2: Read line 2.")
        self.terminal.press("h")
        self.see("hint 2 of 3")
        self.terminal.press("l")
        self.see("> 00_first")
        self.terminal.press("n")
        self.see("Lesson 00 is not passed yet.")
        for key in ("c", "Enter"):
            self.terminal.press("l")
            self.see("> 00_first", "checks: # passed")
            self.terminal.press(key)
            lines, good = self.terminal.until(
                lambda lines: "FAIL 00.2" in "\n".join(lines) and KEYS in "\n".join(lines) and
                "> 00_first" not in "\n".join(lines), PATIENCE)
            self.assertTrue(good, "\n".join(lines))
        self.course.solve(0)
        self.see("Lesson 00 is passed.", KEYS)
        self.terminal.press("n")
        self.see("FAIL 01.1", "2 of 4 checks", "watching lessons/01_second/exercise.c")
        self.course.solve(1)
        self.see("You have passed every lesson", KEYS)
        self.terminal.press("n")
        self.see("That was the last lesson")
        self.quit()

    def test_show_opens_wsdump_and_comes_back(self):
        if not (WSLAB.parent / "wsdump").exists():
            self.skipTest("wsdump is not built")
        self.course.solve(0)
        self.open("watch", "01")
        self.see("FAIL 01.1", KEYS)
        self.terminal.press("s")
        lines, good = self.terminal.until(lambda lines: KEYS not in "\n".join(lines), PATIENCE)
        self.assertTrue(good, "\n".join(lines))
        self.see("Hello")
        for _ in range(5):  # q leaves a screen, and at last the program
            lines, good = self.terminal.until(lambda lines: KEYS in "\n".join(lines), 1)
            if good:
                break
            self.terminal.press("q")
        self.see(KEYS)
        self.terminal.press("h")
        self.see("hint 1 of 3 for 01.1")
        self.quit()

    def test_compile_error(self):
        self.course.replace('puts("one");', 'puts("one")')
        self.open()
        self.see("does not compile yet", KEYS)
        self.course.solve(0)
        self.see("Lesson 00 is passed.")
        self.quit()

    def test_quit_while_a_check_runs_leaves_nothing_behind(self):
        self.course.solve(0)
        self.course.replace("puts", "for (;;)\n;\nputs")
        for key in ("q", "^C"):
            self.open()
            self.see("Lesson 00")
            program = self.course.state / "build/00_first/plain/exercise"
            end = time.monotonic() + PATIENCE
            while not self.runs(program) and time.monotonic() < end:
                time.sleep(0.01)
            self.assertTrue(self.runs(program))
            self.quit(key)
            while self.runs(program) and time.monotonic() < end:
                time.sleep(0.01)
            self.assertFalse(self.runs(program))

    def test_save_while_a_check_runs_begins_anew(self):
        self.course.solve(0)
        self.course.replace("puts", "for (;;)\n;\nputs")
        self.open()
        program = self.course.state / "build/00_first/plain/exercise"
        end = time.monotonic() + PATIENCE
        while not self.runs(program) and time.monotonic() < end:
            time.sleep(0.01)
        self.course.solve(0)
        self.see("Lesson 00 is passed.", KEYS)
        self.quit()

    def test_dumb_terminal(self):
        terminal = self.open(TERM="dumb")
        terminal.record()
        self.see("FAIL 00.2", KEYS)
        self.terminal.press("c")
        self.see("FAIL 00.2", KEYS)
        self.quit()
        self.assertNotIn(b"\x1b", terminal.recorded())

    @staticmethod
    def runs(program):
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if os.readlink(process / "exe") == str(program):
                    return True
            except OSError:
                pass
        return False


if __name__ == "__main__":
    if not shutil.which("tmux"):
        print("skipped: tmux is missing")
        sys.exit(77)
    with Terminals() as terminals:
        unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
