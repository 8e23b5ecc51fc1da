#!/usr/bin/python3
"""The grader is graded: what it says of each lesson's program, of the one with the bug on purpose, of
the starter, of the solution (also under the sanitizers), and of what learners really write.

    states_test.py WSLAB PROJECT LESSON [program|broken|starter|solution|address|thread|wrong] [--update]
"""

import difflib
import re
import sys

from course import Grader, project_of, read_course


class Wrong(Exception):
    pass


def expect(condition, *words):
    if not condition:
        raise Wrong(" ".join(str(word) for word in words))


def expect_all_pass(grader, lesson, source, *more):
    text, verdicts, status = grader.check(lesson, source, "--keep-going", *more)
    expect(verdicts == dict.fromkeys(lesson.checks, "ok") and status == 0,
           f"{source}: status {status}\n{text}")


def compare(golden, text, update):
    if update:
        golden.write_text(text)
    expect(golden.exists(), f"{golden} is missing: --update writes it")
    difference = difflib.unified_diff(golden.read_text().splitlines(), text.splitlines(),
                                      str(golden), "what the grader says now", lineterm="")
    expect(golden.read_text() == text, "\n" + "\n".join(difference))


# ---- The states ----

def program(grader, lesson, update):
    expect_all_pass(grader, lesson, lesson.folder / f"{lesson.program}.c")


def broken(grader, lesson, update):
    source = lesson.folder / "broken.c"
    text, verdicts, status = grader.check(lesson, source, "--keep-going")
    failed = [check for check, verdict in verdicts.items() if verdict != "ok"]
    expect(failed == [lesson.broken] and list(verdicts) == lesson.checks and status == 1,
           f"{source} fails {failed}, not [{lesson.broken}] alone; status {status}\n{text}")
    compare(lesson.wrong / "broken.golden", text, update)


def starter(grader, lesson, update):
    source = lesson.folder / "exercise.c"
    text, verdicts, status = grader.check(lesson, source, "--keep-going")
    failed = [check for check, verdict in verdicts.items() if verdict != "ok"]
    expect(failed == lesson.exercise and list(verdicts) == lesson.checks and status == 1,
           f"the starter fails {failed}, not {lesson.exercise}; status {status}\n{text}")
    expect("warning:" not in text and "error:" not in text, "the compiler says:\n", text)
    expect(re.search(rf"TODO {lesson.number}\.\d", source.read_text()),
           f"{source} has no \"TODO {lesson.number}.N\"")


def solution(grader, lesson, update):
    expect("TODO" not in lesson.solution.read_text(), f"{lesson.solution} still has a TODO")
    expect_all_pass(grader, lesson, lesson.solution)


def address(grader, lesson, update):
    expect_all_pass(grader, lesson, lesson.solution, "--sanitize", "address")


def thread(grader, lesson, update):
    expect_all_pass(grader, lesson, lesson.solution, "--sanitize", "thread")


def wrong(grader, lesson, update):
    sources = sorted(lesson.wrong.glob("*.c"))
    expect(len(sources) >= 3, f"{lesson.wrong} has {len(sources)} programs, not three or more")
    for source in sources:
        text, _, _ = grader.check(lesson, source)
        named = re.search(r"\b(%s\.\d+)\b" % lesson.number, source.read_text())
        expect(named, f"{source} does not say which check it fails")
        expect(f"FAIL {named[1]} " in text, f"{source} does not fail {named[1]}:\n", text)
        compare(source.with_suffix(".golden"), text, update)


STATES = {state.__name__: state
          for state in (program, broken, starter, solution, address, thread, wrong)}


def main():
    words = [word for word in sys.argv[1:] if word != "--update"]
    wslab, project, number, *states = words
    project = project_of(project)
    grader = Grader(wslab, project)
    lesson = next(one for one in read_course(project) if one.number == number)
    failed = False
    for state in states or STATES:
        try:
            STATES[state](grader, lesson, "--update" in sys.argv)
            print(f"ok {number} {state}")
        except Wrong as error:
            print(f"FAIL {number} {state}: {error}")
            failed = True
    return failed


if __name__ == "__main__":
    sys.exit(main())
