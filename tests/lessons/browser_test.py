#!/usr/bin/python3
"""Lesson 02's page in headless Chromium: it opens a socket to the server that it came from, sends
text and bytes, shows the echo, and closes; while connections that the browser opened early are idle.
Then the servers that have no page: a script in that page talks to each of them.

    browser_test.py SERVER... --without-page SERVER...

Exit status 77: Chromium or Python's websockets is missing (1 when CI is set).
"""

import asyncio
import socket
import sys

from chromium import Browser, skip_if_missing
from server import Server

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


async def use_page(tab):
    wanted = []
    for action, lines in STEPS:
        if action:
            await tab.evaluate(action)
        wanted += lines
        await tab.until(LOG, wanted)


async def use_elsewhere(tab, address):
    if (back := await tab.evaluate(ELSEWHERE % address)) != BACK:
        sys.exit(f"{address}: a page gets back {[str(value)[:80] for value in back]}")


async def try_page(program, without_page):
    """The page of this server, and from it the other servers."""
    with Server(program) as server, Browser() as browser:
        host, port = server.address.split(":")
        # Chromium's early connections, which may bring nothing, come and go; these stay.
        idle = [socket.create_connection((host, int(port))) for _ in range(3)]
        tab = await browser.tab(f"http://{server.address}/")
        await use_page(tab)
        for other in without_page:
            with Server(other) as elsewhere:
                await use_elsewhere(tab, elsewhere.address)
            print(f"{elsewhere.name}: Chromium gets what it should")
        for connection in idle:
            connection.close()
    print(f"{server.name}: Chromium gets what it should")


skip_if_missing()
split = sys.argv.index("--without-page")
for at, path in enumerate(sys.argv[1:split]):
    asyncio.run(try_page(path, sys.argv[split + 1:] if at == 0 else []))
