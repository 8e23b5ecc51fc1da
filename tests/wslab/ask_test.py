#!/usr/bin/env python3
"""ask_test.py WSLAB SOURCE_FOLDER [TEST...]: questions about the learner's own capture, and talks
made into captures. The answers are what wsdump reads in the capture."""
import json
import pathlib
import subprocess
import sys
import unittest

from course import Course

WSLAB, SOURCE = (pathlib.Path(path).resolve() for path in sys.argv[1:3])
WSDUMP = WSLAB.parent / "wsdump"

TALK = """title: for the test
handshake
shuffle
client send text random:6
repeat 1
client send ping random:4
server send pong random:4
end
server send binary random:300
end
"""
QUESTIONS = """[capture]
talk=captures/ask.talk
[1]
question=Which masking key has the ping?
fact=masking-key
opcode=ping
why=It is new for each frame.
[2]
question=Which number has the ping?
fact=frame-number
opcode=ping
why=Pings count.
[3]
question=Is the binary message of the server masked? A server masks nothing, and this text is long enough to go on in a second line.
fact=masked
opcode=binary
why=Servers do not mask.
"""


def frames_of(capture):
    records = subprocess.run([WSDUMP, "-q", "-r", capture, "--json", "--show", "frame"],
                             capture_output=True, timeout=60, check=True).stdout
    return [json.loads(line) for line in records.splitlines()]


class Ask(unittest.TestCase):
    def setUp(self):
        self.course = self.enterContext(Course(WSLAB)) if hasattr(self, "enterContext") \
            else Course(WSLAB)
        if not hasattr(self, "enterContext"):
            self.addCleanup(self.course.__exit__)
        self.lesson = self.course.lessons / "00_first"
        (self.lesson / "captures").mkdir(exist_ok=True)
        (self.lesson / "captures/ask.talk").write_text(TALK)
        (self.lesson / "questions.ini").write_text(QUESTIONS)
        self.capture = self.course.state / "ask/00_first.pcapng"

    def ask(self, status, *arguments, stdin=""):
        done = self.course.run("ask", *arguments, stdin=stdin)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertNotIn("\x1b", done.stdout)
        return done.stdout + done.stderr

    def answers(self, capture=None):
        ping = next(f for f in frames_of(capture or self.capture) if f["opcode"] == 9)
        return ping["masking_key"], str(ping["frame"]), "no"

    def test_dialogue(self):
        self.ask(0, "00", "--list")
        key, number, no = self.answers()
        said = self.ask(0, stdin=f"00000000\nnonsense\n0x{key.upper()}\n{number}\nN\n")
        self.assertRegex(said, r"^Lesson 00, First: questions about a capture that is your own "
                               r"\(seed \d+\)\.\n")
        self.assertIn(f"{WSDUMP} -r lessons/.wslab/ask/00_first.pcapng\n", said)
        self.assertIn("\n1/3   Which masking key has the ping?\n", said)
        self.assertIn("      (hexadecimal digits; Enter: later) >       Not so.\n"
                      "      The masking key is the last four bytes of the frame's header, new for "
                      "each\n      frame.\n      In wsdump: the frame itself (f in the messages ",
                      said)
        self.assertIn(">       The answer is hexadecimal digits.\n", said)
        self.assertIn(">       Right.\n      It is new for each frame.\n", said)
        self.assertIn("\n3/3   Is the binary message of the server masked? A server masks nothing, "
                      "and\n      this text is long enough to go on in a second line.\n", said)
        self.assertTrue(said.endswith("\nAll 3 questions of lesson 00 are answered.\n"), said)
        self.assertNotIn(key, said)
        self.assertNotIn("1/3", self.ask(0, "00"), "what is answered is not asked again")
        self.assertIn("1/3", self.ask(0, "00", "--again"))

    def test_later_and_end(self):
        said = self.ask(1, "00", stdin="\n\n")
        self.assertIn("1/3", said)
        self.assertIn("3/3", said)
        self.assertTrue(said.endswith("0 of 3 questions answered; go on with wslab ask 00\n"), said)
        self.ask(1, "00", stdin=f"\n{self.answers()[1]}\n")
        said = self.ask(1, "00")
        self.assertIn("1/3", said)
        self.assertNotIn("2/3", said)
        self.assertIn("1 of 3 questions answered", said)

    def test_given_answers(self):
        self.ask(0, "00", "--list")
        key, number, no = self.answers()
        said = self.ask(0, "00", "--answer", f"2={number}", "--answer", f"1={key}")
        self.assertLess(said.index("2/3"), said.index("1/3"))
        self.assertIn("2 of 3 questions answered", said)
        self.assertIn("Not so.", self.ask(1, "00", "--answer", "3=yes"))
        self.assertIn("The answer is yes or no.", self.ask(1, "00", "--answer", "3=perhaps"))
        self.assertIn("All 3 questions", self.ask(0, "00", "--answer", f"3={no}"))
        for wrong in "4=1", "0=1", "1", "x=1", "=1", "":
            self.assertIn(f'--answer takes N=VALUE with N from 1 to 3, not "{wrong}"',
                          self.ask(2, "00", "--answer", wrong))

    def test_everybody_has_another_capture_a_class_the_same(self):
        self.ask(0, "00", "--list")
        mine = self.capture.read_bytes()
        self.ask(0, "00", "--list")
        self.assertEqual(self.capture.read_bytes(), mine)
        said = self.ask(0, "00", "--list", "--class-seed", "7")
        self.assertIn("a capture that is your class's (seed 7).", said)
        ours = (self.course.state / "ask/00_first-class-7.pcapng").read_bytes()
        self.assertNotEqual(ours, mine)
        with Course(WSLAB) as other:
            for name in "captures/ask.talk", "questions.ini":
                path = other.lessons / "00_first" / name
                path.parent.mkdir(exist_ok=True)
                path.write_text((self.lesson / name).read_text())
            for arguments, same in ((["--class-seed", "7"], True), ([], False)):
                other.run("ask", "00", "--list", *arguments)
                name = "00_first-class-7" if same else "00_first"
                theirs = (other.state / f"ask/{name}.pcapng").read_bytes()
                self.assertEqual(theirs == (ours if same else mine), same)
        key = self.answers(self.course.state / "ask/00_first-class-7.pcapng")[0]
        self.assertIn("Right.", self.ask(0, "00", "--class-seed", "7", "--answer", f"1={key}"))
        self.assertIn("0 of 3", self.ask(1, "00"), "the class's capture is another one")
        self.ask(2, "00", "--class-seed", "-5")

    def test_lessons(self):
        self.assertIn("lesson 01 has no questions about a capture", self.ask(2, "01"))
        self.assertIn("1/3", self.ask(1), "without a lesson: the current one")
        self.assertIn("99", self.ask(2, "99"))

    def test_files_that_are_wrong(self):
        path = self.lesson / "captures/ask.talk"
        path.write_text("title: x\nhandshke\n")
        said = self.ask(3, "00")
        self.assertIn(f"{path}:2:1: no such step", said)
        self.assertIn("\n  handshke\n  ^\n", said)
        path.unlink()
        self.assertIn(str(path), self.ask(3, "00"))
        path.write_text("title: x\nhandshake\n")
        self.assertIn("question 1 of 00_first, seed ",
                      self.ask(3, "00", "--answer", "1=00"))
        (self.lesson / "questions.ini").write_text(QUESTIONS.replace("masking-key", "mask"))
        self.assertIn("questions.ini: [1] there is no fact \"mask\"; there is masked,",
                      self.ask(3, "00"))

    def test_state_that_cannot_be_written(self):
        self.course.state.mkdir(exist_ok=True)
        (self.course.state / "ask").write_text("in the way")
        self.assertIn(f"cannot write {self.capture}: ", self.ask(3, "00"))


class Talk(unittest.TestCase):
    def setUp(self):
        self.course = Course(WSLAB)
        self.addCleanup(self.course.__exit__)
        self.talk, self.out = self.course.root / "a.talk", self.course.root / "a.pcapng"
        self.talk.write_text(TALK)

    def make(self, status, *arguments):
        done = self.course.run("talk", *arguments)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stderr

    def test_same_seed_same_bytes(self):
        seen = []
        for arguments in [], ["--seed", "1"], ["--seed", "2"]:
            self.assertEqual(self.make(0, self.talk, self.out, *arguments), "")
            seen.append(self.out.read_bytes())
        self.assertEqual(seen[0], seen[1])
        self.assertNotEqual(seen[0], seen[2])
        self.assertEqual(len(frames_of(self.out)), 4)
        self.assertIn(b"for the test", seen[0])

    def test_errors(self):
        self.talk.write_text("title: x\nclient sned\n")
        self.assertIn(f"{self.talk}:2:8: no such step; client is followed by",
                      self.make(3, self.talk, self.out))
        self.assertFalse(self.out.exists())
        self.talk.write_text(TALK)
        self.assertIn("cannot write /nowhere/a.pcapng: No such file or directory",
                      self.make(3, self.talk, "/nowhere/a.pcapng"))
        self.assertIn("cannot write /dev/full: No space left", self.make(3, self.talk, "/dev/full"))
        self.assertIn("--seed takes a number from 0", self.make(2, self.talk, self.out, "--seed", "-1"))
        self.assertIn("talk needs a FILE.talk OUT.pcapng", self.make(2, self.talk))


if __name__ == "__main__":
    if not WSDUMP.exists():
        print(f"there is no {WSDUMP}")
        sys.exit(77)
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
