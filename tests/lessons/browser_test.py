#!/usr/bin/python3
"""Lesson 02's page in headless Chromium: it opens a socket to the server that it came from, sends
text and bytes, shows the echo, and closes; while connections that the browser opened early are idle.
Then the servers that have no page: a script in that page talks to each of them.

    browser_test.py SERVER... --without-page SERVER...

Exit status 77: Chromium or Python's websockets is missing (1 when CI is set).
"""

import asyncio
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

try:
    import websockets
except ImportError:
    websockets = None

PATIENCE = 60  # seconds, for one thing to happen
# The page's log, oldest line first.
LOG = "[...document.querySelectorAll('#log li')].map(l => l.dataset.who + ': ' + l.textContent).reverse()"
STEPS = [
    ("", ["state: connecting", "state: open, subprotocol echo"]),
    ("document.querySelector('#form button').click()", ["text: Grüße 👋"]),
    ("document.getElementById('binary').click()", ["binary: 00 01 7f 80 ff"]),
    ("document.getElementById('text').value = 'z'.repeat(70000);"
     "document.querySelector('#form button').click()", ["text: " + "z" * 70000]),
    ("document.getElementById('close').click()", ["state: closed, code 1000"]),
    ("document.getElementById('again').click()", ["state: connecting", "state: open, subprotocol echo"]),
]
# What a page does with a server of another lesson; its value is what came back.
ELSEWHERE = """new Promise((resolve, reject) => {
  const ws = new WebSocket('ws://%s/ws'), got = []
  const messages = ['Grüße 👋', new Uint8Array([0, 1, 127, 128, 255]), '', 'z'.repeat(70000)]
  ws.binaryType = 'arraybuffer'
  ws.onopen = () => messages.forEach(message => ws.send(message))
  ws.onmessage = ({ data }) => {
    got.push(typeof data === 'string' ? data : [...new Uint8Array(data)].join(' '))
    if (got.length === messages.length) ws.close(4000, 'done')
  }
  ws.onclose = ({ code, wasClean }) => resolve([...got, code, wasClean])
})"""
BACK = ["Grüße 👋", "0 1 127 128 255", "", "z" * 70000, 4000, True]


def skip(missing):
    print(f"missing: {missing}")
    sys.exit(1 if os.environ.get("CI") else 77)


def until(what, found):
    end = time.monotonic() + PATIENCE
    while not (value := found()):
        if time.monotonic() > end:
            sys.exit(f"{what}: not within {PATIENCE} s")
        time.sleep(0.05)
    return value


class Browser:
    def __init__(self, folder, url):
        self.port_file = pathlib.Path(folder, "profile", "DevToolsActivePort")
        self.process = subprocess.Popen(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--remote-debugging-port=0", f"--user-data-dir={folder}/profile", url],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "TMPDIR": folder, "HOME": folder})

    def address_of(self, url):
        """Where the tab with this page can be spoken to."""
        until("Chromium's port", lambda: self.port_file.exists() and self.port_file.read_text())
        port = self.port_file.read_text().split("\n")[0]

        def tab():
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as answer:
                return [t for t in json.load(answer) if t["url"] == url]
        return until("the tab", tab)[0]["webSocketDebuggerUrl"]

    def close(self):
        self.process.terminate()
        self.process.wait()


async def evaluate(tab, script):
    await tab.send(json.dumps({"id": 1, "method": "Runtime.evaluate", "params": {
        "expression": script, "returnByValue": True, "awaitPromise": True}}))
    while (answer := json.loads(await tab.recv())).get("id") != 1:
        pass
    if "exceptionDetails" in answer["result"]:
        sys.exit(f"{script}: {answer['result']['exceptionDetails']}")
    return answer["result"]["result"].get("value")


async def use_page(address):
    async with websockets.connect(address, max_size=None) as tab:
        wanted = []
        for action, lines in STEPS:
            if action:
                await evaluate(tab, action)
            wanted += lines
            end = time.monotonic() + PATIENCE
            while (shown := await evaluate(tab, LOG)) != wanted:
                if time.monotonic() > end:
                    sys.exit(f"after '{action}' the page shows {[line[:80] for line in shown]}\n"
                             f"and not {[line[:80] for line in wanted]}")
                await asyncio.sleep(0.05)


async def use_elsewhere(page, address):
    async with websockets.connect(page, max_size=None) as tab:
        if (back := await evaluate(tab, ELSEWHERE % address)) != BACK:
            sys.exit(f"{address}: a page gets back {[str(value)[:80] for value in back]}")


class Server:
    """A lesson's server; at the end it has to stop in good order."""

    def __init__(self, program):
        self.program = program
        self.process = subprocess.Popen([program], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)

    def __enter__(self):
        self.address = self.process.stdout.readline().split()[-1]
        return self

    def __exit__(self, failure, *_):
        self.process.terminate()
        try:
            if self.process.wait(5) != 0 and not failure:
                sys.exit(f"{self.program}: ended with {self.process.returncode}")
        finally:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
        if not failure:
            print(f"{pathlib.Path(self.program).name}: Chromium gets what it should")


def try_page(program, without_page):
    """The page of this server, and from it the other servers."""
    with Server(program) as server, \
            tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        host, port = server.address.split(":")
        # Chromium's early connections, which may bring nothing, come and go; these stay.
        idle = [socket.create_connection((host, int(port))) for _ in range(3)]
        browser = Browser(folder, f"http://{server.address}/")
        try:
            page = browser.address_of(f"http://{server.address}/")
            asyncio.run(use_page(page))
            for other in without_page:
                with Server(other) as elsewhere:
                    asyncio.run(use_elsewhere(page, elsewhere.address))
        finally:
            browser.close()
        for connection in idle:
            connection.close()


if not shutil.which("chromium"):
    skip("chromium")
if not websockets:
    skip("python3-websockets")
split = sys.argv.index("--without-page")
for at, path in enumerate(sys.argv[1:split]):
    try_page(path, sys.argv[split + 1:] if at == 0 else [])
