"""glib_tsan.h makes ThreadSanitizer understand GLib: a correct program is silent, mistakes are
found. With each compiler that is there.

    glib_tsan_test.py FOLDER    tests/lessons
"""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = sys.argv.pop(1)
HEADER = os.path.join(HERE, "glib_tsan.h")
GLIB = subprocess.run(["pkg-config", "--cflags", "--libs", "glib-2.0"], capture_output=True,
                      text=True, check=True).stdout.split()


def links(compiler):
    with tempfile.TemporaryDirectory() as folder:
        command = [compiler, "-fsanitize=thread", "-x", "c", "-", "-o", os.path.join(folder, "a")]
        return subprocess.run(command, input="int main(void) { return 0; }", text=True,
                              capture_output=True).returncode == 0


COMPILERS = [c for c in ("gcc", "clang") if shutil.which(c) and links(c)]


def run(compiler, name, header=True):
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, name)
        subprocess.run([compiler, "-std=c11", "-Wall", "-Wextra", "-Werror", "-g", "-O1",
                        "-fsanitize=thread", *(["-include", HEADER] if header else []),
                        os.path.join(HERE, "glib_tsan", name + ".c"), "-o", program, *GLIB],
                       check=True)
        done = subprocess.run([program], capture_output=True, text=True, timeout=120,
                              env=dict(os.environ, G_SLICE="always-malloc"))
        return done.returncode, done.stderr


class GlibTsan(unittest.TestCase):
    def test_a_correct_program_is_silent(self):
        for compiler in COMPILERS:
            status, log = run(compiler, "correct")
            self.assertEqual((status, "ThreadSanitizer" in log), (0, False), log)

    def test_it_would_not_be_without_the_header(self):
        for compiler in COMPILERS:
            self.assertIn("data race", run(compiler, "correct", header=False)[1])

    def test_a_forgotten_lock_is_found(self):
        for compiler in COMPILERS:
            status, report = run(compiler, "race")
            self.assertEqual(status, 66)
            self.assertIn("data race", report)
            self.assertIn("mutexes: write M", report)  # it knows which lock the other one held

    def test_a_write_behind_a_push_is_found(self):
        for compiler in COMPILERS:
            status, report = run(compiler, "queue_race")
            self.assertEqual(status, 66)
            self.assertIn("data race", report)

    def test_locks_in_opposite_order_are_found(self):
        for compiler in COMPILERS:
            status, report = run(compiler, "order")
            self.assertEqual(status, 66)
            self.assertIn("lock-order-inversion", report)


if __name__ == "__main__":
    if not COMPILERS:
        print("SKIP: no compiler here links ThreadSanitizer")
        sys.exit(77)
    unittest.main()
