"""Headless Chromium, and what happens in its tabs: spoken to with the DevTools protocol."""

import asyncio
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

try:
    import websockets
except ImportError:
    websockets = None

PATIENCE = 60  # seconds, for one thing to happen


def skip_if_missing(*programs):
    """Exit status 77 (1 where CI is set) when Chromium, Python's websockets, or one of these
    programs is not installed."""
    missing = [program for program in ("chromium", *programs) if not shutil.which(program)]
    missing += [] if websockets else ["python3-websockets"]
    if missing:
        print(f"missing: {', '.join(missing)}")
        sys.exit(1 if os.environ.get("CI") else 77)


def until(what, found):
    end = time.monotonic() + PATIENCE
    while not (value := found()):
        if time.monotonic() > end:
            sys.exit(f"{what}: not within {PATIENCE} s")
        time.sleep(0.05)
    return value


def expect(what, got, wanted):
    if got != wanted:
        sys.exit(f"{what}\nis      {got!r:.2000}\nand not {wanted!r:.2000}")


class ScriptError(Exception):
    """The script threw something, or its page went away."""


class Tab:
    """One tab; `complaints` is what the browser and the page's scripts had to complain about."""

    def __init__(self, connection):
        self.connection = connection
        self.calls = 0
        self.complaints = []
        self.requests = []  # the head of each request for a WebSocket

    async def call(self, method, **parameters):
        self.calls += 1
        await self.connection.send(json.dumps(
            {"id": self.calls, "method": method, "params": parameters}))
        while (answer := json.loads(await self.connection.recv())).get("id") != self.calls:
            self.happened(answer.get("method"), answer.get("params"))
        if "error" in answer:
            raise ScriptError(f"{method}: {answer['error']}")
        return answer["result"]

    def happened(self, method, about):
        if method == "Runtime.exceptionThrown":
            details = about["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Log.entryAdded" and about["entry"]["level"] in ("error", "warning"):
            self.complaints.append(about["entry"]["text"])
        elif method == "Runtime.consoleAPICalled" and about["type"] in ("error", "warning"):
            self.complaints.append(str([part.get("value") for part in about["args"]]))
        elif method == "Network.webSocketWillSendHandshakeRequest":
            self.requests.append(about["request"]["headers"])

    async def evaluate(self, script):
        result = await self.call("Runtime.evaluate", expression=script, returnByValue=True,
                                 awaitPromise=True)
        if "exceptionDetails" in result:
            raise ScriptError(f"{script}: {result['exceptionDetails']}")
        return result["result"].get("value")

    async def until(self, script, wanted=True):
        """Wait until this is its value; a page that is not yet there has none."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                value = await self.evaluate(script)
                if value == wanted:
                    return
            except ScriptError as error:
                value = error
            if time.monotonic() > end:
                sys.exit(f"{script}\nis      {value!r:.2000}\nand not {wanted!r:.2000}")
            await asyncio.sleep(0.05)


class Browser:
    """Chromium with a profile of its own; `with` ends it."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        port_file = pathlib.Path(self.folder.name, "profile", "DevToolsActivePort")
        self.process = subprocess.Popen(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--remote-debugging-port=0", f"--user-data-dir={self.folder.name}/profile",
             "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "TMPDIR": self.folder.name, "HOME": self.folder.name})
        try:
            text = until("Chromium's port", lambda: port_file.exists() and port_file.read_text())
        except BaseException:
            self.__exit__()
            raise
        self.port = text.split("\n")[0]
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()

    async def tab(self, url):
        """A new tab that shows this page; what it has to complain about is listened to from the
        beginning."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/json/new?about:blank",
                                         method="PUT")
        with urllib.request.urlopen(request) as answer:
            address = json.load(answer)["webSocketDebuggerUrl"]
        tab = Tab(await websockets.connect(address, max_size=None))
        for domain in ("Runtime", "Log", "Page", "Network"):
            await tab.call(f"{domain}.enable")
        # Ours is signed by nobody.
        await tab.call("Security.setIgnoreCertificateErrors", ignore=True)
        await tab.call("Page.navigate", url=url)
        await tab.until("document.readyState === 'complete' && location.href !== 'about:blank'")
        return tab
