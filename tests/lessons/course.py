"""The course as the tests see it: its manifest, and the grader run on it."""

import configparser
import os
import pathlib
import re
import subprocess
import tempfile

# What may be another number in each run: what a golden text has instead.
PLACEHOLDERS = (
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:{port}"),
    (re.compile(r"stream offset \d+"), "stream offset {offset}"),
    (re.compile(r"\bframe \d+"), "frame {frame}"),
    (re.compile(r'(?<=")[0-9a-f]{8}(?=["-])'), "{id}"),  # hexadecimal: of members and messages
    # how often it went well before, and what stands around the header
    (re.compile(r" \(round \d+\)"), ""),
    (re.compile(r"^( +\d+ (?:action|expect)  \S.*?) {2,}", re.M), r"\1  "),
    (re.compile(r"(header inside it\n +).*\n +\^"), r"\1{bytes}\n            ^"),
    (re.compile(r"(?<=\w)\[\d+\](?= gets)"), "[{n}]"),
    (re.compile(r"(?<=messages )\d+"), "{messages}"),
    (re.compile(r"\d+ pings, \d+ answered"), "{pings} pings, {answered} answered"),
    (re.compile(r"(threads\s+)\d+(, memory )\d+ KiB"), r"\1{threads}\2{memory} KiB"),
    (re.compile(r"(?<=after )\d+(?= pings)"), "{pings}"),
    (re.compile(r"(?<=got )\d+(?= bytes of it, then )"), "{bytes}"),
    (re.compile(r"at most \d+ in the outbox"), "at most {number} in the outbox"),
    (re.compile(r"\b\d+(\.\d+)? (ms|s)\b"), "{time}"),
    (re.compile(r"\d\d:\d\d:\d\d\.\d+"), "{time}"),
    (re.compile(r"(pid|\w+:)\d{3,}(?=\))"), r"\1{pid}"),
)


class Lesson:
    def __init__(self, project, name, section):
        self.folder = project / "lessons" / name
        self.name = name
        self.number = name[:2]
        self.program = section["program"]
        self.checks = split(section["checks"])
        self.exercise = split(section["exercise"])
        self.broken = section["broken"]
        self.solution = project / "lessons/solutions" / name / "exercise.c"
        self.wrong = project / "lessons/wrong" / name

    def case(self, check):
        return self.folder / "check" / f"{check}.case"


def split(text):
    return [word for word in text.split(";") if word]


def read_manifest(project):
    manifest = configparser.ConfigParser(interpolation=None)
    manifest.read(project / "lessons/manifest.ini")
    return manifest


def read_course(project):
    """The lessons in their order."""
    manifest = read_manifest(project)
    sections = [name for name in manifest.sections() if "program" in manifest[name]]
    sections.sort(key=lambda name: int(manifest[name]["order"]))
    return [Lesson(project, name, manifest[name]) for name in sections]


class Grader:
    def __init__(self, wslab, project):
        self.wslab, self.project = wslab, project

    def run(self, *arguments):
        with tempfile.TemporaryDirectory(prefix="wslab-") as state:
            environment = dict(os.environ, WSLAB_STATE=state)
            environment.pop("WSLAB_COMMAND", None)
            return subprocess.run(
                [self.wslab, *arguments, "--root", self.project, "--color", "never"],
                env=environment, capture_output=True, text=True, timeout=280)

    def check(self, lesson, source, *more):
        """What the grader says of this file, with placeholders for what changes; what each check
        said ("ok", "FAIL", "skip" or "ERROR"); the exit status."""
        done = self.run("check", lesson.number, "--source", str(source), *more)
        text = done.stdout + done.stderr
        verdicts = {check: verdict for verdict, check in
                    re.findall(r"^(ok|FAIL|skip|ERROR) (\d\d\.\d+) ", text, re.M)}
        for pattern, name in PLACEHOLDERS:
            text = pattern.sub(name, text)
        return text, verdicts, done.returncode


def project_of(argument):
    return pathlib.Path(argument).resolve()
