"""A lesson's server as a child process."""

import pathlib
import subprocess
import sys


class Server:
    """It listens from the beginning; the end of `with` ends it: in good order, within 5 s."""

    def __init__(self, program, *arguments):
        self.name = pathlib.Path(program).name
        self.process = subprocess.Popen([program, *arguments], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{self.name}: ended with {self.process.wait()}, and said nothing")
        self.address = line.split()[-1]

    def __enter__(self):
        return self

    def kill(self):
        """It ends at once, and says nothing to its clients."""
        self.process.kill()
        self.process.wait()

    def __exit__(self, failure, *_):
        try:
            self.process.terminate()
            if self.process.wait(5) not in (0, -9) and not failure:
                sys.exit(f"{self.name}: ended with {self.process.returncode}")
        finally:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
