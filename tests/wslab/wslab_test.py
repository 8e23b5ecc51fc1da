#!/usr/bin/env python3
"""wslab_test.py WSLAB SOURCE_FOLDER [TEST...]: the grader without a terminal."""
import hashlib
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import unittest
import xml.etree.ElementTree

from course import LESSONS, Course

WSLAB, SOURCE = (pathlib.Path(path).resolve() for path in sys.argv[1:3])
RECIPE = WSLAB.parent.parent / "lessons/recipe.ini"
SANITIZED = re.search(r"^sanitized=(.*)$", RECIPE.read_text(), re.M)[1]
HAS_THREAD = "[thread]" in RECIPE.read_text() or SANITIZED == "thread"


def programs_below(folder):
    """The ids of processes whose program lies in this folder."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(process / "exe").startswith(str(folder)):
                found.append(int(process.name))
        except OSError:  # it ended meanwhile, or is not ours
            pass
    return found


class Test(unittest.TestCase):
    def setUp(self):
        self.course = Course(WSLAB)
        self.addCleanup(self.course.folder.cleanup)
        self.run_wslab = self.course.run

    def expect(self, status, *arguments, **how):
        """Run it, expect this exit status; what it printed, both streams."""
        result = self.run_wslab(*arguments, **how)
        said = result.stdout + result.stderr
        self.assertEqual(result.returncode, status, f"{arguments}\n{said}")
        self.assertNotRegex(result.stderr, r"CRITICAL|WARNING|Sanitizer|runtime error")
        return said

    def report(self, *arguments, status=0):
        result = self.run_wslab(*arguments)
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        return json.loads(result.stdout)


class Check(Test):
    def test_starter_fails_its_first_exercise_and_says_what_to_do(self):
        said = self.expect(1, "check")
        self.assertIn("ok 00.1  the first line says one\n", said)
        self.assertIn("FAIL 00.2  the second line says two", said)
        self.assertIn("  todo  lessons/00_first/exercise.c:6\n", said)
        self.assertIn("This is the exercise as it came", said)
        self.assertIn("wslab hint 00.2", said)
        self.assertTrue(said.endswith(
            "next: change lessons/00_first/exercise.c, then: wslab check 00\n"), said)

    def test_a_changed_exercise_is_not_called_the_starter(self):
        self.course.replace('puts("one");', 'puts("one"), puts("three");')
        said = self.expect(1, "check", "00")
        self.assertNotIn("as it came", said)
        self.assertIn("three", said)

    def test_passing_shows_the_solution_and_what_is_next(self):
        self.assertNotIn("solutions", self.expect(1, "check", "00"))
        self.course.solve(0)
        said = self.expect(0, "check", "00")
        self.assertIn("ok 00.2", said)
        self.assertIn("lessons/solutions/00_first/exercise.c", said)
        self.assertIn("lessons/00_first/README.md", said)
        self.assertIn("next: lesson 01, Second (30 + 45 minutes): lessons/01_second/README.md",
                      said)

    def test_without_id_all_lessons_up_to_the_current_one(self):
        self.course.solve(0)
        self.expect(0, "check", "00")
        said = self.expect(1, "check")
        self.assertIn("ok 00.2", said)
        self.assertIn("FAIL 01.1", said)
        self.assertNotIn("01.2", said)  # stops at the first failure
        self.course.solve(1)
        self.assertIn("You have passed every lesson", self.expect(0, "check"))
        self.course.exercise(0).write_text("int main(void) { return 0; }\n")
        said = self.expect(1, "check")  # what was passed once is checked again
        self.assertIn("FAIL 00.1", said)
        self.assertNotIn("Lesson 01", said)

    def test_names_of_lessons_and_checks(self):
        for name in ("00", "0", "00_first"):
            self.assertIn("ok 00.1", self.expect(1, "check", name))
        said = self.expect(0, "check", "00.1")
        self.assertIn("ok 00.1", said)
        self.assertNotIn("00.2", said)
        self.assertNotIn("is passed", said)
        for name in ("00.3", "7", "first", "01_secon", ""):
            said = self.expect(2, "check", name)
            self.assertIn(f'there is no lesson or check "{name}"; wslab list names them', said)

    def test_keep_going(self):
        self.course.replace("one", "eins")
        said = self.expect(1, "check", "00")
        self.assertIn("FAIL 00.1", said)
        self.assertNotIn("00.2", said)
        said = self.expect(1, "check", "00", "--keep-going")
        self.assertIn("FAIL 00.1", said)
        self.assertIn("FAIL 00.2", said)

    def test_file_that_does_not_compile(self):
        self.course.replace('puts("one");', 'puts("one")')
        said = self.expect(1, "check")
        self.assertRegex(said, r"(?m)^lessons/00_first/exercise\.c:5:\d+: error: ")
        self.assertIn("lessons/00_first/exercise.c does not compile yet.", said)
        self.assertNotIn("FAIL", said)
        report = self.report("check", "00", "--keep-going", "--json", status=1)
        self.assertEqual([c["verdict"] for c in report["checks"]], ["fail", "fail"])
        self.assertIn("error: ", report["checks"][0]["details"])
        self.course.solve(0)
        self.expect(0, "check", "00")

    def test_nothing_that_is_shown_is_an_instruction_to_the_terminal(self):
        self.course.replace('puts("one");', r'fputs("\033]0;log\007\n", stderr); __builtin_trap();')
        said = self.expect(1, "check", "00")
        self.assertIn(r"log: \x1b]0;log\x07", said)
        self.course.exercise(0).write_text("int main(void) { return 0 }\n#error \033]0;x\007\n")
        said += self.expect(1, "check", "00")
        said += self.expect(1, "check", "00", "--color", "always").replace("\033[", "")
        self.assertIn("does not compile yet", said)
        folder = self.course.root / "handed-in/a\033]0;x\007\nb/00_first"
        folder.mkdir(parents=True)
        shutil.copy(self.course.solution(0), folder)
        said += self.expect(0, "grade", folder.parent.parent)
        self.assertNotIn("\033", said)

    def test_warnings_are_shown_each_time_and_are_no_mistake(self):
        self.course.solve(0)
        self.course.replace("return 0;", "int unused; return 0;")
        for _ in range(2):
            said = self.expect(0, "check", "00")
            self.assertIn("unused variable", said)
            self.assertIn("it compiles all the same", said)

    def test_what_did_not_change_is_not_compiled_again(self):
        self.expect(1, "check", "00")
        program = self.course.state / "build/00_first/plain/exercise"
        before = program.stat().st_mtime_ns
        self.expect(1, "check", "00")
        self.assertEqual(program.stat().st_mtime_ns, before)
        self.course.solve(0)
        self.expect(0, "check", "00", cwd="/")
        self.assertNotEqual(program.stat().st_mtime_ns, before)

    def test_older_file_in_its_place_is_compiled(self):
        older = self.course.root / "older.c"
        shutil.copy(self.course.solution(0), older)
        os.utime(older, (1, 1))
        self.expect(1, "check", "00")
        os.replace(older, self.course.exercise(0))
        self.assertIn("ok 00.2", self.expect(0, "check", "00"))

    def test_save_while_the_compiler_runs_is_compiled(self):
        recipe = self.course.root / "build/lessons/recipe.ini"
        compiler = self.course.root / "compiler"
        text = RECIPE.read_text()
        real = re.search(r"^compiler=(.*)$", text, re.M)[1]
        compiler.write_text(f'''#!/bin/sh
{shlex.quote(real)} "$@" || exit
[ -e later.c ] || exit 0
cat later.c >{self.course.exercise(0)} && rm later.c
for word; do [ "$before" = -o ] && touch "$word"; before=$word; done
exit 0
''')
        compiler.chmod(0o755)
        recipe.parent.mkdir(parents=True)
        recipe.write_text(text.replace(f"compiler={real}", f"compiler={compiler}"))
        wslab = self.course.root / "build/bin/wslab"
        wslab.parent.mkdir()
        shutil.copy(WSLAB, wslab)
        self.course.wslab = wslab
        shutil.copy(self.course.solution(0), self.course.root / "later.c")
        self.expect(0, "check", "00.1")
        self.assertIn("ok 00.2", self.expect(0, "check", "00"))

    def test_server(self):
        said = self.expect(1, "check", "01")
        self.assertIn("FAIL 01.1  a message comes back as it was", said)
        self.assertIn("01_second/exercise.c:36", said)
        self.assertRegex(said, r"replay +--seed 7")
        self.course.solve(1)
        said = self.expect(0, "check", "01")
        self.assertIn("ok 01.1", said)

    @unittest.skipUnless(HAS_THREAD, "no ThreadSanitizer in this build")
    def test_race_is_found_by_the_check_that_asks_for_thread(self):
        self.course.solve(1)
        self.assertIn("ok 01.2", self.expect(0, "check", "01"))
        self.course.replace("__atomic_add_fetch(&messages, 1, __ATOMIC_RELAXED);", "messages++;", 1)
        said = self.expect(1, "check", "01")
        self.assertIn("ok 01.1", said)
        self.assertIn("FAIL 01.2  without a data race", said)
        self.assertIn("data race", said)

    @unittest.skipUnless(SANITIZED and not HAS_THREAD, "for builds with another sanitizer")
    def test_check_for_another_sanitizer_is_skipped_with_the_reason(self):
        self.course.solve(1)
        self.assertIn("skip 01.2  without a data race: this build is sanitized itself",
                      self.expect(0, "check", "01"))
        self.assertIn("this build is sanitized itself",
                      self.expect(3, "check", "01", "--sanitize", "thread"))

    def test_sanitize(self):
        self.course.solve(0)
        self.course.replace('puts("two");', 'puts("two"); volatile int one[1] = {0}, at = 1; '
                            'one[at] = 1;')
        self.expect(1 if SANITIZED.startswith("address") else 0, "check", "00")
        if not SANITIZED:
            self.assertIn("FAIL 00", self.expect(1, "check", "00", "--sanitize", "address"))
        self.assertIn('thread or address, not "memory"',
                      self.expect(2, "check", "00", "--sanitize", "memory"))

    def test_other_file_or_program_is_no_progress(self):
        self.expect(0, "check", "00", "--source", self.course.solution(0))
        self.assertIn("0 of 4 checks", self.expect(0, "list"))
        program = next(self.course.state.glob("build/*/plain/exercise"))
        self.assertIn("ok 00.2", self.expect(0, "check", "00", "--program", program))
        self.expect(1, "check", "00")
        program = self.course.state / "build/00_first/plain/exercise"
        said = self.expect(1, "check", "00", "--program", program)
        self.assertIn("FAIL 00.2", said)
        self.assertIn("next: change the program", said)
        self.assertIn("1 of 4 checks", self.expect(0, "list"))
        self.expect(0, "check", "00", "--source", self.course.solution(0), "--record")
        self.assertIn("2 of 4 checks", self.expect(0, "list"))

    def test_program_cannot_be_built_in_another_way(self):
        if SANITIZED:
            self.skipTest("this build is sanitized itself")
        self.course.solve(1)
        self.expect(0, "check", "01.1")
        program = self.course.state / "build/01_second/plain/exercise"
        self.assertIn("skip 01.2", self.expect(0, "check", "01", "--program", program))

    def test_usage(self):
        for words, said in (
                (["check", "00", "01"], '"01" is too much: wslab check [ID]'),
                (["check", "--source", "x.c"], "--source needs to know which lesson"),
                (["check", "00", "--source", "x.c"], "x.c: there is no such file"),
                (["check", "00", "--program", "x"], "x: there is no such program"),
                (["check", "00", "--program", "x", "--source", "y"], "exclude each other"),
                (["check", "--seed", "-1"], "--seed takes a number from 0"),
                (["check", "--seed", "x"], "wslab check --help lists the options"),
                (["check", "--nonsense"], "wslab check --help lists the options"),
                (["chekc"], 'there is no command "chekc"; wslab --help lists them'),
                (["show"], "show needs a ID"),
                (["list", "--color", "blue"], 'auto, always or never, not "blue"'),
                (["list", "--poll"], "--poll")):
            text = self.expect(2, *words)
            self.assertIn(said, text)
            self.assertEqual(text.count("\n"), 1, text)

    def test_root(self):
        elsewhere = self.course.root.parent
        below = self.course.lessons / "00_first/check"
        self.assertIn("00_first", self.expect(0, "list", root=False, cwd=below))
        self.assertIn("there is no lessons/manifest.ini in it",
                      self.expect(2, "list", "--root", elsewhere, root=False))
        self.assertIn("00_first", self.expect(0, "--root", self.course.root, "list", root=False,
                                              cwd=elsewhere))
        # From elsewhere, the course is the one that this build belongs to.
        if (SOURCE / "lessons/manifest.ini").exists() and WSLAB.is_relative_to(SOURCE):
            said = self.expect(0, "list", root=False, cwd="/", WSLAB_STATE=self.course.state)
            self.assertIn("00_wire", said)

    def test_command_as_it_is_typed(self):
        said = self.expect(1, "check", WSLAB_COMMAND="./kit wslab")
        self.assertIn("hint  ./kit wslab hint 00.2", said)
        self.assertIn("then: ./kit wslab check 00\n", said)
        self.assertNotRegex(said, r"(?<!kit )wslab (?=[a-z])")

    def test_colours_only_where_they_are_wanted(self):
        self.assertNotIn("\033", self.expect(1, "check"))
        self.assertIn("\033[31", self.expect(1, "check", "--color", "always"))
        self.assertNotIn("\033", self.expect(1, "check", "--color=never"))

    def test_case_that_is_wrong_is_the_graders_trouble(self):
        case = self.course.lessons / "00_first/check/00.1.case"
        case.write_text("title: x\nrun\nexpct exit 0\n")
        self.assertIn("00.1.case:3", self.expect(3, "check", "00"))
        case.unlink()
        self.assertIn("00.1.case", self.expect(3, "check", "00"))

    def test_state_that_cannot_be_written(self):
        (self.course.root / "file").write_text("")
        said = self.expect(3, "check", "00", WSLAB_STATE=self.course.root / "file/state")
        self.assertIn("file/state", said)

    def test_damaged_progress_is_named(self):
        self.expect(1, "check")
        (self.course.state / "progress.ini").write_text("nonsense\n")
        self.assertIn("progress.ini", self.expect(3, "check"))
        self.assertIn("delete the file to begin anew", self.expect(3, "list"))

    def test_program_that_waits_for_ever_leaves_nothing_behind(self):
        """SIGINT and SIGTERM in the middle of a check, and of a compilation."""
        self.course.solve(0)
        self.course.replace("puts", "for (;;)\n;\nputs")
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            check = subprocess.Popen(self.course.command("check", "00"), cwd=self.course.root,
                                     env=self.course.environment(), stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL)
            end = time.monotonic() + 20
            while not programs_below(self.course.state) and time.monotonic() < end:
                time.sleep(0.01)
            self.assertTrue(programs_below(self.course.state))
            check.send_signal(number)
            self.assertEqual(check.wait(10), -number)
            while programs_below(self.course.state) and time.monotonic() < end:
                time.sleep(0.01)
            self.assertEqual(programs_below(self.course.state), [])


class Learner(Test):
    def test_hints_come_in_their_order(self):
        said = self.expect(0, "hint")  # nothing was checked: the first exercise of the lesson
        self.assertEqual(said, "hint 1 of 3 for 00.2: Read line 2.\n2 more: wslab hint 00.2\n")
        said = self.expect(0, "hint", "00.2")
        self.assertIn("hint 1 of 3 for 00.2: Read line 2.\nhint 2 of 3", said)
        self.assertTrue(said.endswith("1 more: wslab hint 00.2\n"), said)
        said = self.expect(0, "hint", "00")
        self.assertTrue(said.endswith('hint 3 of 3 for 00.2: puts("two");\n'), said)
        said = self.expect(0, "hint")
        self.assertIn("These are all the hints for 00.2.", said)
        self.assertIn("hint 1 of 3 for 01.2", self.expect(0, "hint", "01.2"))
        self.expect(2, "hint", "9")

    def test_hint_is_for_the_check_that_failed(self):
        self.course.replace("one", "eins")
        self.expect(1, "check")
        self.assertIn("for 00.1", self.expect(0, "hint"))
        self.course.solve(0)
        self.expect(0, "check", "00")
        self.assertIn("no hint is needed", self.expect(0, "hint", "00"))
        self.assertIn("for 01.1", self.expect(0, "hint"))

    def test_list(self):
        said = self.expect(0, "list")
        self.assertRegex(said, r"(?m)^> 00_first +20 \+ 25 +min +current +\.\. +Print what")
        self.assertRegex(said, r"(?m)^  01_second +30 \+ 45 +min +open")
        self.assertIn("0 of 4 checks, 50 + 70 minutes", said)
        self.expect(1, "check")
        self.assertRegex(self.expect(0, "list"), r"> 00_first .* current +#x ")
        self.course.solve(0)
        self.expect(0, "check", "00")
        said = self.expect(0, "list")
        self.assertRegex(said, r"  00_first .* passed +## ")
        self.assertRegex(said, r"> 01_second ")
        self.assertIn("[####################....................] 2 of 4 checks", said)
        self.assertIn("solutions/00_first", said)
        self.assertNotIn("solutions/01_second", said)
        self.assertIn("solutions/01_second", self.expect(0, "list", "--solutions"))

    def test_show(self):
        self.assertIn("there is no traffic of 01.1: it was not played yet (wslab check 01.1)", self.expect(1, "show", "01.1"))
        self.expect(1, "check", "01")
        words = shlex.split(self.expect(0, "show", "01.1"))
        self.assertEqual(words[1:3], ["-r", str(self.course.state / "captures/01.1.pcapng")])
        self.assertEqual(words[3], "--goto")
        self.assertRegex(words[4], r"^\d+:\d+$")
        self.assertIn("such as 01.1, not a whole lesson", self.expect(2, "show", "01"))
        self.course.solve(1)
        self.expect(0, "check", "01.1")
        words = shlex.split(self.expect(0, "show", "01.1"))  # nothing is wrong any more
        self.assertEqual(len(words), 3)

    def test_capture_is_written_also_when_a_check_passes(self):
        self.course.solve(1)
        self.expect(0, "check", "01.1")
        wsdump = WSLAB.parent / "wsdump"
        if not wsdump.exists():
            self.skipTest("wsdump is not built")
        capture = self.course.state / "captures/01.1.pcapng"
        said = subprocess.run([wsdump, "--text", "-r", capture], capture_output=True, text=True,
                              timeout=30, check=True).stdout
        self.assertEqual(said.count("Hello"), 2, said)

    def test_reset_never_loses_work(self):
        path = self.course.exercise(0)
        starter = path.read_text()
        self.assertIn("is the starter already", self.expect(0, "reset", "00"))
        self.expect(1, "check")
        for number in (1, 2, 3):
            path.write_text(f"/* work {number} */\n")
            said = self.expect(2, "reset", "00")  # no terminal to ask on
            self.assertIn("add --yes", said)
            self.assertEqual(path.read_text(), f"/* work {number} */\n")
            said = self.expect(0, "reset", "00", "--yes")
            self.assertIn(f"Your file is now lessons/00_first/exercise.c.saved-{number}", said)
            self.assertEqual(path.read_text(), starter)
            for saved in range(1, number + 1):
                self.assertEqual((path.parent / f"exercise.c.saved-{saved}").read_text(),
                                 f"/* work {saved} */\n")
        self.assertIn("0 of 4 checks", self.expect(0, "list"))
        self.assertIn("wslab reset 00", self.expect(2, "reset", "00.1"))

    def test_reset_when_the_file_was_edited_before_anything_ran(self):
        path = self.course.exercise(0)
        starter = path.read_text()
        path.write_text("/* work */\n")
        said = self.expect(3, "reset", "00", "--yes")
        self.assertIn("there is no copy of the starter of 00_first here", said)
        self.assertEqual(path.read_text(), "/* work */\n")
        self.assertEqual(list(path.parent.glob("*.saved-*")), [])
        # git's history has it, however often the learner committed since.
        if not shutil.which("git"):
            self.skipTest("git is missing")
        git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-C", self.course.root]
        subprocess.run([*git, "init", "-q"], check=True)
        for text in (starter, "/* work */\n"):
            path.write_text(text)
            subprocess.run([*git, "add", "."], check=True)
            subprocess.run([*git, "commit", "-qm", "work"], check=True)
        self.expect(0, "reset", "00", "--yes")
        self.assertEqual(path.read_text(), starter)

    def test_reset_of_a_file_that_is_gone(self):
        self.expect(1, "check")
        path = self.course.exercise(0)
        starter = path.read_text()
        path.unlink()
        self.expect(0, "reset", "00", "--yes")
        self.assertEqual(path.read_text(), starter)

    def test_watching_needs_a_terminal(self):
        for words in ([], ["watch"], ["watch", "00"]):
            self.assertIn("without one use: wslab check 00", self.expect(2, *words))

    def test_help_and_version(self):
        said = self.expect(0, "--help")
        for command in ("watch", "check", "hint", "show", "ask", "list", "reset", "report", "grade",
                        "schedule", "preflight", "talk"):
            self.assertRegex(said, rf"(?m)^  {command} ")
            self.assertIn(f"wslab {command}", self.expect(0, command, "--help"))
        self.assertLessEqual(max(map(len, said.splitlines())), 100)
        self.assertRegex(self.expect(0, "--version"), r"^wslab \d+\.\d+\.\d+\n$")

    def test_preflight(self):
        said = self.expect(0 if (WSLAB.parent / "wsdump").exists() else 1, "preflight")
        self.assertRegex(said, r"(?m)^ok +compiler")
        self.assertRegex(said, r"(?m)^ok +GLib, libwsproto +GLib 2\.")
        self.assertRegex(said, r"(?m)^ok +loopback sockets")
        self.assertRegex(said, r"(?m)^NO +terminal, ncurses +this output is no terminal")
        said = self.expect(1, "preflight", PATH="/nowhere")
        self.assertRegex(said, r"(?m)^NO +GLib, libwsproto")
        self.assertIn("not ready yet", said)


    def test_commands_at_the_same_time_keep_what_the_other_wrote(self):
        fifo = self.course.root / "go-on"
        os.mkfifo(fifo)
        self.course.solve(0)
        # This check has read the progress before the hint is shown, and writes it afterwards.
        self.course.replace("int main(void)\n{", "int main(void)\n{\n    "
                            'FILE *file = fopen("%s", "r"); fgetc(file); fclose(file);' % fifo)
        check = subprocess.Popen(self.course.command("check", "00.1"), cwd=self.course.root,
                                 env=self.course.environment(), stdout=subprocess.DEVNULL)
        with open(fifo, "w"):  # the program runs
            self.expect(0, "hint", "00.2")
        self.assertEqual(check.wait(60), 0)
        self.assertIn("hint 2 of 3", self.expect(0, "hint", "00.2"))
        self.assertIn("1 of 4 checks", self.expect(0, "list"))


    def test_what_cannot_be_written_is_no_success(self):
        for words in (["list"], ["hint", "00.2"], ["check", "00.1"], ["schedule"]):
            with open("/dev/full", "w") as full, self.subTest(words=words):
                result = subprocess.run(self.course.command(*words), cwd=self.course.root,
                                        env=self.course.environment(), stdout=full,
                                        stderr=subprocess.PIPE, text=True, check=False)
                self.assertEqual(result.returncode, 3)
                self.assertIn("wslab: not all of the output could be written", result.stderr)

    def test_shown_command_can_be_typed_whatever_the_folder_is_called(self):
        state = self.course.root / "a|b`c`"
        self.expect(1, "check", "01", WSLAB_STATE=str(state))
        said = self.expect(0, "show", "01.1", WSLAB_STATE=str(state))
        typed = subprocess.run(["sh", "-c", f"printf '%s\\n' {said}"], capture_output=True,
                               text=True, check=True).stdout
        self.assertIn(f"{state}/captures/01.1.pcapng\n", typed)


class Manifest(Test):
    """Each mistake is named with its place."""

    def damaged(self, old, new):
        path = self.course.lessons / "manifest.ini"
        good = path.read_text()
        self.assertIn(old, good)
        path.write_text(good.replace(old, new, 1))
        said = self.expect(3, "list")
        path.write_text(good)
        self.assertEqual(said.count("\n"), 1, said)
        self.assertIn("lessons/manifest.ini: ", said)
        return said

    def test_mistakes(self):
        for old, new, said in (
                ("name=First\n", "", "[00_first] has no name"),
                ("goal=Print what is asked for.", "goal=", "[00_first] has no goal"),
                ("order=1", "order=0", "[01_second] order=0 is another lesson's too"),
                ("minutes_teach=20", "minutes_teach=soon",
                 "[00_first] minutes_teach=soon is not a number from 0 to 1000"),
                ("minutes_exercise=45", "minutes_exercise=-5", "[01_second] minutes_exercise=-5"),
                ("checks=00.1;00.2", "checks=", "[00_first] has no checks"),
                ("checks=00.1;00.2", "checks=00.1;00.1", "00.1 stands there twice"),
                ("checks=00.1;00.2", "checks=00.1;01.2", "checks: 01.2 is not 00.N"),
                ("checks=00.1;00.2", "checks=00.1;00.3", "there is no group [00.3]"),
                ("checks=00.1;00.2", "checks=00.2", "broken: 00.1 is not among the checks"),
                ("checks=01.1;01.2\nexercise=01.1;01.2\nbroken=01.2",
                 "checks=01.1\nexercise=01.1\nbroken=01.1", "[01.2] is in no lesson's list"),
                ("exercise=00.2", "exercise=00.3", "exercise: 00.3 is not among the checks"),
                ("exercise=00.2", "exercise=", "[00_first] has no exercise"),
                ("hint3=puts(\"two\");\n", "", "[00.2] has no hint3"),
                ("needs=00_first", "needs=01_second",
                 "needs: 01_second is no lesson that comes before it"),
                ("[00_first]", "[first]", "[first] is neither a lesson (03_threads), a check"),
                ("lessons=00_first", "lessons=02", "[track:short] lessons: there is no lesson 02"),
                ("title=The first only\n", "", "[track:short] has no title"),
                ("[00_first]", "[00_first", "manifest.ini")):
            self.assertIn(said, self.damaged(old, new))

    def test_empty(self):
        (self.course.lessons / "manifest.ini").write_text("")
        self.assertIn("has no lessons", self.expect(3, "list"))


class Reports(Test):
    def judge(self, report, verdicts):
        self.assertEqual({c["id"]: c["verdict"] for c in report["checks"]}, verdicts)
        for word, key in (("pass", "passed"), ("fail", "failed"), ("error", "errors"),
                          ("skipped", "skipped")):
            self.assertEqual(report[key], list(verdicts.values()).count(word), key)

    def test_json_of_a_check(self):
        report = self.report("check", "00", "--json", status=1)
        self.judge(report, {"00.1": "pass", "00.2": "fail"})
        failed = report["checks"][1]
        self.assertEqual(failed["title"], "the second line says two")
        self.assertEqual(failed["group"], "00_first")
        self.assertEqual(failed["seed"], 7)
        self.assertIn("FAIL 00.2", failed["details"])
        self.assertNotIn("capture", failed)  # it talks to nobody
        failed = self.report("check", "01", "--json", status=1)["checks"][0]
        self.assertEqual(failed["verdict"], "fail")
        self.assertTrue(os.path.exists(failed["capture"]))
        report = self.report("check", "00.1", "--json", "--seed", "99")
        self.assertEqual(report["checks"][0]["seed"], 99)

    def test_report_is_what_was_last(self):
        self.judge(self.report("report", "--json"),
                   dict.fromkeys(("00.1", "00.2", "01.1", "01.2"), "skipped"))
        self.expect(1, "check")
        report = self.report("report", "--json", status=1)
        self.judge(report, {"00.1": "pass", "00.2": "fail", "01.1": "skipped", "01.2": "skipped"})
        self.assertEqual(report["checks"][3]["reason"], "not checked yet")
        self.assertIn("FAIL 00.2", report["checks"][1]["details"])

    def test_junit(self):
        path = self.course.root / "junit.xml"
        for words in (["check", "00"], ["report"]):
            self.expect(1, *words, "--junit", path)
            root = xml.etree.ElementTree.parse(path).getroot()
            cases = {case.get("name").split()[0]: case for case in root.iter("testcase")}
            self.assertIn("00.2", cases)
            self.assertIsNotNone(cases["00.2"].find("failure"))
            self.assertIsNone(cases["00.1"].find("failure"))
            self.assertEqual(cases["00.2"].get("classname"), "00_first")
            self.assertIn("FAIL 00.2", cases["00.2"].find("failure").text)
        self.assertIn("cannot write", self.expect(3, "report", "--junit", "/nowhere/x.xml"))
        self.assertIn("needs --json or --junit", self.expect(2, "report"))


class Grade(Test):
    def hand_in(self, person, lesson, text, below="."):
        folder = self.course.root / "handed-in" / person / below / LESSONS[lesson]
        folder.mkdir(parents=True)
        (folder / "exercise.c").write_text(text)

    def test_many_people(self):
        solution, starter = self.course.solution(0).read_text(), self.course.exercise(0).read_text()
        self.hand_in("anna", 0, solution)
        self.hand_in("anna", 1, self.course.solution(1).read_text())
        self.hand_in("bert", 0, starter, "lessons")
        self.hand_in("carl", 0, solution.replace(";", "", 1))
        self.hand_in("dora", 0, solution.replace("puts", "for (;;)\n;\nputs", 1))
        (self.course.root / "handed-in/notes.txt").write_text("")
        folder = self.course.root / "handed-in"
        begun = time.monotonic()
        said = self.expect(1, "grade", folder, "--limit", "4", "--jobs", "3")
        self.assertLess(time.monotonic() - begun, 60)
        self.assertRegex(said, r"(?m)^anna +00_first +2 of 2 ")
        self.assertRegex(said, r"(?m)^anna +01_second +(2 of 2|1 of 1) ")
        self.assertRegex(said, r"(?m)^bert +00_first +1 of 2 +00\.2 ")
        self.assertRegex(said, r"(?m)^carl +00_first +0 of 2 +00\.1 the file does not compile")
        self.assertRegex(said, r"(?m)^dora +00_first +0 of 2 +00\.1 ")
        self.assertNotIn("notes.txt", said)
        self.assertEqual(programs_below(self.course.state), [])
        self.assertIn("0 of 4 checks", self.expect(0, "list"))  # not the instructor's progress
        path = self.course.root / "junit.xml"
        report = self.report("grade", folder, "--limit", "4", "--json", "--junit", path, status=1)
        verdicts = {(c["group"], c["id"]): c["verdict"] for c in report["checks"]}
        self.assertEqual(verdicts["anna.00_first", "00.2"], "pass")
        self.assertEqual(verdicts["bert.00_first", "00.1"], "pass")
        self.assertEqual(verdicts["bert.00_first", "00.2"], "fail")
        self.assertEqual(verdicts["carl.00_first", "00.1"], "fail")
        self.assertEqual(verdicts["dora.00_first", "00.1"], "fail")
        root = xml.etree.ElementTree.parse(path).getroot()
        self.assertEqual(len(list(root.iter("testcase"))), len(report["checks"]))

    def test_what_a_program_started_ends_too(self):
        source = self.course.root / "handed-in/dora/00_first/exercise.c"
        self.hand_in("dora", 0, "#include <unistd.h>\nint main(void)\n{\n    fork();\n    pause();\n}\n")
        for command in (["grade", self.course.root / "handed-in"],
                        ["check", "00", "--source", source]):
            with self.subTest(command=command):
                wslab = subprocess.Popen(self.course.command(*command), cwd=self.course.root,
                                         env=self.course.environment(), stdout=subprocess.DEVNULL)
                end = time.monotonic() + 20
                while len(programs_below(self.course.state)) < 2 and time.monotonic() < end:
                    time.sleep(0.01)
                wslab.terminate()
                self.assertEqual(wslab.wait(10), -signal.SIGTERM)
                time.sleep(0.5)
                self.check_none_is_left()
        self.expect(1, "grade", self.course.root / "handed-in", "--limit", "2")
        self.check_none_is_left()

    def check_none_is_left(self):
        left = programs_below(self.course.state)
        for process in left:
            os.kill(process, signal.SIGKILL)
        self.assertEqual(left, [])

    def test_who_spoils_the_results_spoils_only_their_own(self):
        solution = self.course.solution(0).read_text()
        self.hand_in("anna", 0, solution)
        self.hand_in("mallory", 0, "#include <stdlib.h>\n#include <unistd.h>\n" + solution.replace(
            'puts("one");', 'puts("one"); if (chdir(getenv("WSLAB_STATE")) == 0) '
            'fputs("nonsense\\n", fopen("progress.ini", "w"));'))
        said = self.expect(3, "grade", self.course.root / "handed-in")
        self.assertRegex(said, r"(?m)^anna +00_first +2 of 2 ")
        self.assertRegex(said, r"(?m)^mallory +00_first +0 of 2 +00\.1 ")

    def test_interrupted_in_the_middle(self):
        self.hand_in("dora", 0, self.course.solution(0).read_text()
                     .replace("puts", "for (;;)\n;\nputs", 1))
        grade = subprocess.Popen(self.course.command("grade", self.course.root / "handed-in"),
                                 env=self.course.environment(), stdout=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while not programs_below(self.course.state) and time.monotonic() < end:
            time.sleep(0.01)
        self.assertTrue(programs_below(self.course.state))
        grade.send_signal(signal.SIGINT)
        self.assertEqual(grade.wait(10), -signal.SIGINT)
        while programs_below(self.course.state) and time.monotonic() < end:
            time.sleep(0.01)
        self.assertEqual(programs_below(self.course.state), [])

    def test_usage(self):
        empty = self.course.root / "empty"
        empty.mkdir()
        self.assertIn("there is no NAME/", self.expect(2, "grade", empty))
        self.assertIn("nowhere", self.expect(2, "grade", "/nowhere"))
        self.assertIn("--jobs takes 1 to 64", self.expect(2, "grade", empty, "--jobs", "0"))
        self.assertIn("--limit takes", self.expect(2, "grade", empty, "--limit", "0"))
        self.assertIn("grade needs a FOLDER", self.expect(2, "grade"))


class Schedule(Test):
    LINE = re.compile(r"^  (\d\d):(\d\d) +(\d+) min  (.*)$", re.M)

    def days(self, *arguments):
        """For each day, its (minute, minutes, what)."""
        said = self.expect(0, "schedule", *arguments)
        return [[(60 * int(h) + int(m), int(n), what) for h, m, n, what in self.LINE.findall(day)]
                for day in said.split("Day ")[1:]]

    def test_rules(self):
        """The course's minutes many times over: blocks, breaks, lunch, length of the day."""
        path = self.course.lessons / "manifest.ini"
        text = path.read_text()
        lesson = text[text.index("[01_second]"):text.index("[track")]
        for n in range(2, 13):
            text += lesson.replace("01", f"{n:02}").replace("order=1", f"order={n}") \
                          .replace("minutes_teach=30", f"minutes_teach={17 + 3 * n}") \
                          .replace("needs=00_first", "needs=")
        text = re.sub(r"order=0*(\d+)", r"order=\1", text)
        path.write_text(text)
        days = self.days()
        self.assertGreater(len(days), 2)
        taught = {}
        for day in days:
            now, block, sum_, lunches = day[0][0], 0, 0, 0
            self.assertEqual(now, 9 * 60)
            for at, minutes, what in day:
                self.assertEqual(at, now)
                now += minutes
                if what in ("break", "lunch"):
                    lunches += what == "lunch"
                    block = 0
                else:
                    block += minutes
                    sum_ += minutes
                    taught[what.split()[0]] = taught.get(what.split()[0], 0) + minutes
                self.assertLessEqual(block, 50)
            self.assertLessEqual(sum_, 360)
            self.assertLessEqual(lunches, 1)
            self.assertTrue(lunches or now < 13 * 60)
            self.assertNotIn(day[-1][2], ("break", "lunch"))
        self.assertEqual(taught["00_first"], 45)
        self.assertEqual(taught["05_second"], 17 + 15 + 45)
        self.assertEqual(len(taught), 13)

    def test_track_and_hours(self):
        for words in (["--track", "short"], ["--hours", "1"]):
            whats = [what for _, _, what in self.days(*words)[0]]
            self.assertEqual(whats, ["00_first teach", "00_first exercise"])
        self.assertIn("01_second", str(self.days("--hours", "2")))
        self.assertIn("there are: short", self.expect(2, "schedule", "--track", "x"))
        self.assertIn("--hours takes 1 to 1000", self.expect(2, "schedule", "--hours", "-1"))


class Starters(unittest.TestCase):
    def test_list_is_what_the_exercises_are(self):
        """By it reset knows a starter. After a change of an exercise: (cd lessons && sha256sum
        [0-9]*/exercise.c >starters.sha256)"""
        lessons = SOURCE / "lessons"
        listed = dict(reversed(line.split("  ")) for line in
                      (lessons / "starters.sha256").read_text().splitlines())
        self.assertEqual(listed, {
            str(path.relative_to(lessons)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in lessons.glob("[0-9]*/exercise.c")}, self._testMethodDoc)


class Manual(Test):
    """The man page lists what there is."""

    def test_commands_and_options(self):
        page = (SOURCE / "tools/wslab/wslab.1").read_text().replace("\\-", "-")
        said = self.expect(0, "--help")
        commands = re.findall(r"(?m)^  ([a-z]+) .*$", said[said.index("Commands:"):])
        self.assertGreaterEqual(len(commands), 10)
        part = page[page.index(".\\\" commands:"):page.index(".\\\" end of commands")]
        self.assertEqual(re.findall(r"(?m)^\.TP\n\.BR? ([a-z]+)", part), commands)
        of_help = set()
        for command in commands:
            of_help |= set(re.findall(r"(?m)^  (?:-., )?(--[a-z-]+)",
                                      self.expect(0, command, "--help")))
        of_page = set(re.findall(r"--[a-z-]+", page[page.index(".SH OPTIONS"):
                                                    page.index(".SH EXIT STATUS")]))
        self.assertEqual(of_page, of_help)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
