"""The course of two small lessons (course/), copied for one test, and wslab run on it."""
import os
import pathlib
import shutil
import subprocess
import tempfile

COURSE = pathlib.Path(__file__).parent / "course"
LESSONS = ("00_first", "01_second")


class Course:
    """A copy of the course; leaving its `with` block removes it."""

    def __init__(self, wslab):
        self.wslab = wslab
        self.folder = tempfile.TemporaryDirectory(prefix="wslab-test-")
        self.root = pathlib.Path(self.folder.name).resolve()
        self.lessons, self.state = self.root / "lessons", self.root / "lessons/.wslab"
        shutil.copytree(COURSE, self.root, dirs_exist_ok=True,
                        ignore=shutil.ignore_patterns(".wslab", "exercise.c.saved-*"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.folder.cleanup()

    def exercise(self, lesson=0):
        return self.lessons / LESSONS[lesson] / "exercise.c"

    def solution(self, lesson=0):
        return self.lessons / "solutions" / LESSONS[lesson] / "exercise.c"

    def solve(self, *lessons):
        for lesson in lessons:
            shutil.copy(self.solution(lesson), self.exercise(lesson))

    def replace(self, old, new, lesson=0):
        """Change the learner's file; `old` must be in it."""
        text = self.exercise(lesson).read_text()
        assert old in text, old
        self.exercise(lesson).write_text(text.replace(old, new))

    def environment(self, **more):
        kept = {name: value for name, value in os.environ.items()
                if name not in ("WSLAB_STATE", "WSLAB_COMMAND", "NO_COLOR")}
        return {**kept, "LC_ALL": "C.UTF-8", **more}

    def command(self, *arguments):
        return [self.wslab, *map(str, arguments), "--root", self.root]

    def run(self, *arguments, root=True, cwd=None, stdin="", **environment):
        """Returns the finished process: .returncode, .stdout, .stderr."""
        command = self.command(*arguments) if root else [self.wslab, *map(str, arguments)]
        return subprocess.run(command, env=self.environment(**environment), cwd=cwd or self.root,
                              input=stdin, capture_output=True, timeout=120, text=True,
                              check=False)
