#!/usr/bin/python3
"""What holds for every lesson: its files, the length of its programs, its hints, the topics that its
checks cover. (That the captures are what their scripts make is captures_test's.)

    rules_test.py WSLAB PROJECT [--update]
"""

import difflib
import re
import subprocess
import sys
import unittest

from course import project_of, read_course, read_manifest, split

LINES = {"wire": 70, "echo": 110, "hijack": 180, "threads": 170, "deadlines": 200, "shutdown": 220,
         "client": 200, "hub": 330, "gate": 200, "limits": 220}
TOGETHER = {"hub": ("conn.c", "main.c")}  # count with the program
# What else is in a lesson's folder is given. The chat service's middle takes more than others.
GIVEN_LINES = 160
GIVEN = {"soup.c": 180, "turns.c": 250, "writers.c": 270,
         "page.html": 150, "schema.c": 150, "events.c": 150, "tls.c": 150}
COMMON_LINES = 250
CHANGED_LINES = 15
PARTS = ("Goal", "Read this first", "Run it", "Watch it in wsdump", "The exercise",
         "After you pass", "Mistakes that tutorials make here")
FILES = ("README.md", "NOTES.md", "broken.c", "exercise.c", "questions.ini",
         "captures/broken.talk", "captures/broken.pcapng", "captures/ask.talk")

WSLAB, PROJECT = sys.argv[1], project_of(sys.argv[2])
COURSE = read_course(PROJECT)
TOPICS = dict(re.findall(r"^\| (\d+) \| .* \| (.*) \|$",
                         (PROJECT / "lessons/README.md").read_text(), re.M))
# What texts, captures and questions teach: when to use what, what a design is like, what something
# costs. TLS (68), which cases do not speak, and subprotocols (85) have tests of their own.
UNCHECKED = {"1", "2", "3", "4", "5", "6", "7", "8", "14", "21", "39", "52", "63", "68", "85"}


def lines_of(path):
    return path.read_text().splitlines()


def topics_of(lesson, check):
    """The numbers of what a check covers."""
    covers = re.search(r"^covers: (.*)$", lesson.case(check).read_text(), re.M)
    return re.findall(r"\d+", covers[1]) if covers else []


def taught_in(number):
    """The numbers of the lessons that the list of topics names."""
    return re.findall(r"\b\d\d\b", TOPICS.get(number, ""))


def of_each_lesson(check):
    """A test method of a lesson, for all of them."""
    def test(self):
        for lesson in COURSE:
            with self.subTest(lesson=lesson.name):
                check(self, lesson)
    return test


def order_of_lessons():
    """The part of lessons/README.md that comes from the manifest."""
    manifest = read_manifest(PROJECT)
    lines = ["| lesson | what you can do then | minutes to read and try | minutes of exercise |",
             "|---|---|--:|--:|"]
    for lesson in COURSE:
        part = manifest[lesson.name]
        lines.append(f"| [{lesson.name}]({lesson.name}/README.md) | {part['goal']} | "
                     f"{part['minutes_teach']} | {part['minutes_exercise']} |")
    for name in manifest.sections():
        if name.startswith("track:"):
            track = name.removeprefix("track:")
            plan = subprocess.run([WSLAB, "schedule", "--track", track, "--root", PROJECT],
                                  check=True, capture_output=True, text=True).stdout
            lines += ["", f"{manifest[name]['title']} (`./kit wslab schedule --track {track}`)", "",
                      "```", *plan.splitlines(), "```"]
    return "\n".join(lines) + "\n"


class Rules(unittest.TestCase):
    def test_the_order_and_the_day_plans_are_those_of_the_manifest(self):
        page = PROJECT / "lessons/README.md"
        text = page.read_text()
        begin, end = text.index("<!-- from the manifest -->\n") + 27, text.index("<!-- end -->")
        wanted = "\n" + order_of_lessons() + "\n"
        if "--update" in sys.argv:
            page.write_text(text[:begin] + wanted + text[end:])
        else:
            self.assertEqual(text[begin:end], wanted)

    def test_every_folder_of_a_lesson_is_in_the_manifest(self):
        folders = sorted(path.name for path in (PROJECT / "lessons").glob("[0-9][0-9]_*"))
        self.assertEqual(folders, [lesson.name for lesson in COURSE])

    @of_each_lesson
    def test_every_lesson_has_all_its_files(self, lesson):
        for name in (*FILES, f"{lesson.program}.c"):
            self.assertTrue((lesson.folder / name).exists(), name)
        self.assertTrue(lesson.solution.exists(), lesson.solution)

    @of_each_lesson
    def test_every_text_has_all_its_parts_in_order(self, lesson):
        titles = re.findall(r"^## (.*)$", (lesson.folder / "README.md").read_text(), re.M)
        self.assertEqual([title for title in titles if title in PARTS], list(PARTS))

    @of_each_lesson
    def test_programs_keep_their_number_of_lines(self, lesson):
        own = {f"{lesson.program}.c", *TOGETHER.get(lesson.program, ())}
        count = sum(len(lines_of(lesson.folder / name)) for name in own)
        self.assertLessEqual(count, LINES[lesson.program])
        for path in lesson.folder.glob("*.*"):
            if path.suffix in (".c", ".h", ".html") and \
                    path.name not in own | {"broken.c", "exercise.c"}:
                bound = GIVEN.get(path.name, GIVEN_LINES)
                self.assertLessEqual(len(lines_of(path)), bound, path)
        common = sum(len(lines_of(path)) for path in (PROJECT / "lessons/common").glob("*.[ch]"))
        self.assertLessEqual(common, COMMON_LINES)

    @of_each_lesson
    def test_the_bug_on_purpose_is_a_small_difference(self, lesson):
        difference = difflib.unified_diff(lines_of(lesson.folder / "broken.c"),
                                          lines_of(lesson.folder / f"{lesson.program}.c"), n=0)
        changed = {"-": 0, "+": 0}
        for line in list(difference)[2:]:
            if line[0] in changed:
                changed[line[0]] += 1
        self.assertGreater(sum(changed.values()), 0)
        self.assertLessEqual(max(changed.values()), CHANGED_LINES)

    @of_each_lesson
    def test_every_check_has_a_case_and_three_hints(self, lesson):
        manifest = read_manifest(PROJECT)
        cases = {path.stem for path in (lesson.folder / "check").glob("*.case")}
        self.assertEqual(cases, set(lesson.checks))
        self.assertIn(lesson.broken, lesson.checks)
        for check in lesson.checks:
            hints = [manifest[check].get(f"hint{n}", "") for n in (1, 2, 3)]
            self.assertTrue(all(hints), f"{check} lacks a hint")
            self.assertEqual(len(set(hints)), 3, f"{check} has the same hint twice")

    def test_what_a_check_covers_is_a_topic_of_its_lesson_or_of_an_earlier_one(self):
        for lesson in COURSE:
            for check in lesson.checks:
                self.assertTrue(topics_of(lesson, check), f"{check} covers nothing")
                for number in topics_of(lesson, check):
                    self.assertLessEqual(min(taught_in(number), default="99"), lesson.number,
                                         f"{check} covers {number}")

    def test_a_topic_of_a_lesson_is_covered_by_one_of_its_checks(self):
        covered = {(number, lesson.number) for lesson in COURSE for check in lesson.checks
                   for number in topics_of(lesson, check)}
        for lesson in COURSE:
            for number in TOPICS:
                if lesson.number in taught_in(number) and number not in UNCHECKED:
                    self.assertIn((number, lesson.number), covered)

    def test_links_between_texts_lead_somewhere(self):
        for path in (PROJECT / "lessons").rglob("*.md"):
            for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text()):
                if "://" not in link:
                    self.assertTrue((path.parent / link).exists(), f"{path}: {link}")

    def test_every_lesson_needs_only_earlier_ones(self):
        manifest = read_manifest(PROJECT)
        known = []
        for lesson in COURSE:
            for needed in split(manifest[lesson.name]["needs"]):
                self.assertIn(needed, known)
            known.append(lesson.name)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
