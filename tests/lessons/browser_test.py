#!/usr/bin/python3
"""Lesson 02's page in headless Chromium: it opens a socket to the server that it came from, sends
text and bytes, shows the echo, and closes; while connections that the browser opened early are idle.

    browser_test.py SERVER...

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
        "expression": script, "returnByValue": True}}))
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


def try_server(program):
    server = subprocess.Popen([program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        address = server.stdout.readline().split()[-1]
        host, port = address.split(":")
        # Chromium's early connections, which may bring nothing, come and go; these stay.
        idle = [socket.create_connection((host, int(port))) for _ in range(3)]
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            browser = Browser(folder, f"http://{address}/")
            try:
                asyncio.run(use_page(browser.address_of(f"http://{address}/")))
            finally:
                browser.close()
        for connection in idle:
            connection.close()
        server.terminate()
        if server.wait(5) != 0:
            sys.exit(f"{program}: ended with {server.returncode}")
        print(f"{pathlib.Path(program).name}: the page shows what it should")
    finally:
        server.kill()
        server.wait()


if not shutil.which("chromium"):
    skip("chromium")
if not websockets:
    skip("python3-websockets")
for path in sys.argv[1:]:
    try_server(path)
