#!/usr/bin/python3
"""limits_page_test.py FOLDER: the chat page and lesson 09's server in headless Chromium: a browser
agrees on compression; one who floods is shown out, and may come again; the other does not notice.

FOLDER holds the programs (build/dev/lessons). Exit status 77: Chromium or Python's websockets is
missing (1 when CI is set)."""

import asyncio
import pathlib
import sys

from chat_page import ERRORS, SAID, STATE, WHY
from chromium import Browser, expect, skip_if_missing
from gate import Gate

FOLDER = pathlib.Path(sys.argv[1]).resolve()
LONG = "the quick brown fox jumps over the lazy dog; " * 40
SAY = "ask({do: 'say', room: 'room:tea', text: '%s'})"
EXTENSIONS = """new Promise(resolve => {
  const ws = new WebSocket('ws://127.0.0.1:%d/ws')
  ws.onopen = () => { resolve(ws.extensions); ws.close() }
  ws.onclose = ({ code }) => resolve(code)
})"""


async def come(browser, server, name):
    tab = await browser.tab(f"http://127.0.0.1:{server.port}/#name={name}&rooms=room:tea")
    await tab.until(STATE, "open")
    return tab


async def play(server):
    with Browser() as browser:
        ann = await come(browser, server, "Ann")
        bob = await come(browser, server, "Bob")
        extensions = await ann.evaluate(EXTENSIONS % server.port)
        expect("what was agreed on", extensions.split(";")[0], "permessage-deflate")
        await ann.evaluate(SAY % LONG)
        await bob.until(SAID, [f"Ann: {LONG}"])

        await ann.evaluate("for (let n = 0; n < 200; n++) " + SAY % "flood")
        await ann.until(STATE, "closed")
        expect("why", "too many strikes" in await ann.evaluate(WHY), True)
        expect("what it has heard", "too-fast" in str(await ann.evaluate(ERRORS)), True)
        await bob.evaluate(SAY % "fine")
        await bob.until(f"{SAID}.at(-1)", "Bob (you): fine")
        await ann.evaluate("document.getElementById('hello').requestSubmit()")
        await ann.until(STATE, "open")
        expect("complaints", ann.complaints + bob.complaints, [])
    expect("how it ends", server.stop(), 0)


def main():
    skip_if_missing()
    server = Gate(FOLDER, "--open", "--deflate", secret=False, program="09_limits/limits")
    try:
        asyncio.run(play(server))
    finally:
        server.end()


if __name__ == "__main__":
    main()
