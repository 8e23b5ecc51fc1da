#!/usr/bin/env python3
"""captures_test.py WSLAB SOURCE_FOLDER: every lessons/*/captures/*.pcapng is what `wslab talk` makes
of the .talk beside it, byte for byte, and other programs read it without complaint.

After a change of a .talk: wslab talk lessons/NN_name/captures/broken.talk .../broken.pcapng"""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

WSLAB, SOURCE = (pathlib.Path(path).resolve() for path in sys.argv[1:3])
CAPTURES = sorted((SOURCE / "lessons").glob("[0-9]*/captures/*.pcapng"))
TALKS = sorted((SOURCE / "lessons").glob("[0-9]*/captures/*.talk"))
UNSOUND = "_ws.malformed || tcp.analysis.flags || tcp.checksum.status == 0 || ip.checksum.status == 0"


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


class Captures(unittest.TestCase):
    def test_there_are_some(self):
        self.assertTrue(CAPTURES)

    def test_each_is_made_from_its_talk(self):
        with tempfile.TemporaryDirectory() as folder:
            made = pathlib.Path(folder) / "made.pcapng"
            for capture in CAPTURES:
                talk = capture.with_suffix(".talk")
                with self.subTest(capture.relative_to(SOURCE)):
                    done = run(WSLAB, "talk", talk, made, "--root", SOURCE)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assertTrue(made.read_bytes() == capture.read_bytes(),
                                    f"wslab talk makes something else of {talk}")

    def test_each_talk_is_sound(self):
        """A talk without a capture is made into one for each learner: some of those here."""
        with tempfile.TemporaryDirectory() as folder:
            for talk in TALKS:
                for seed in 1, 2:
                    with self.subTest(talk.relative_to(SOURCE), seed=seed):
                        made = pathlib.Path(folder) / f"{talk.stem}.{seed}.pcapng"
                        done = run(WSLAB, "talk", talk, made, "--seed", str(seed), "--root", SOURCE)
                        self.assertEqual(done.returncode, 0, done.stderr)
                        self.is_sound(made)

    def is_sound(self, capture):
        done = run(WSLAB.parent / "wsdump", "-q", "-r", capture, "--json", "--show", "gap")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        if shutil.which("tshark"):
            done = run("tshark", "-r", capture, "-o", "tcp.check_checksum:TRUE",
                       "-o", "ip.check_checksum:TRUE", "-Y", UNSOUND)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(done.stdout, "")


if __name__ == "__main__":
    if not CAPTURES:
        sys.exit("there is no lessons/*/captures/*.pcapng")
    if not unittest.main(argv=sys.argv[:1], verbosity=2, exit=False).result.wasSuccessful():
        sys.exit(1)
    if not shutil.which("tshark"):
        print("tshark is not installed (Debian: tshark): only wsdump has read the captures")
        sys.exit(77)
