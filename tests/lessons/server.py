"""A lesson's server as a child process."""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile

SLOW = float(os.environ.get("SLOW", "1"))  # of a slow machine, or a sanitizer


class Server:
    """It listens from the beginning; the end of `with` ends it: in good order, within 5 s."""

    def __init__(self, program, *arguments):
        self.name = pathlib.Path(program).name
        self.log_file = tempfile.TemporaryFile("w+", encoding="utf-8")
        self.process = subprocess.Popen([program, *arguments], stdout=subprocess.PIPE,
                                        stderr=self.log_file, text=True)
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{self.name}: ended with {self.process.wait()}, and said\n{self.log()}")
        self.address = line.split()[-1]

    def __enter__(self):
        return self

    def log(self):
        """All that it has said by now."""
        return os.pread(self.log_file.fileno(), 1 << 26, 0).decode()

    def signal(self, which):
        self.process.send_signal(which)

    def kill(self):
        """It ends at once, and says nothing to its clients."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        """SIGTERM, and what it says of it: its status."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        return self.process.wait(5 * SLOW)

    def __exit__(self, failure, *_):
        try:
            status, log = self.stop(), self.log()
            if not failure and (status not in (0, -9) or "Sanitizer" in log or
                                "runtime error" in log):
                sys.exit(f"{self.name}: ended with {status}\n{log}")
        finally:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.log_file.close()
