#!/usr/bin/python3
"""gate_page_test.py FOLDER: the chat page and lesson 08's server in headless Chromium.

FOLDER holds the programs (build/dev/lessons). A guest comes with the link; a page from another port
uses the guest's cookie, as a page of somebody else would. Exit status 77: Chromium or Python's
websockets is missing (1 when CI is set)."""

import asyncio
import pathlib
import sys

from chat_page import ROOMS, SAID, STATE
from chromium import Browser, expect, skip_if_missing
from gate import Gate

FOLDER = pathlib.Path(sys.argv[1]).resolve()
# What becomes of a WebSocket that a page's script opens.
OPENED = """new Promise(resolve => {
  const ws = new WebSocket('ws://127.0.0.1:%d/ws')
  ws.onopen = () => { resolve('open'); ws.close() }
  ws.onclose = ({ code }) => resolve(code)
})"""


async def be_a_guest(browser, server, token):
    """The token goes from the link into a subprotocol, and stays nowhere that others see."""
    home = f"http://127.0.0.1:{server.port}/"
    tab = await browser.tab(f"{home}#token={token}&rooms=room:tea")
    await tab.until(STATE, "open")
    await tab.until(ROOMS, [["room:tea", "", "true"]])
    await tab.evaluate("ask({do: 'say', room: 'room:tea', text: 'hello'})")
    await tab.until(SAID, ["guest (you): hello"])
    expect("the address bar", await tab.evaluate("location.href"), home)
    expect("the requests", len(tab.requests), 1)
    expect("the Origin", tab.requests[0]["Origin"], home.rstrip("/"))
    expect("the subprotocols", tab.requests[0]["Sec-WebSocket-Protocol"], f"chat, bearer.{token}")
    expect("complaints", tab.complaints, [])
    return tab


async def come_without_a_token(browser, server):
    tab = await browser.tab(f"http://127.0.0.1:{server.port}/#name=Eve")
    await tab.until(STATE, "waiting")
    expect("who is let in by a name alone", await tab.evaluate(OPENED % server.port), 1006)
    return tab


async def use_a_cookie(own, elsewhere, server, token):
    """Cookies know no ports: a page on another one has the same, and only its Origin differs."""
    await own.evaluate(f"document.cookie = 'token={token}; SameSite=Strict'")
    for tab in own, elsewhere:
        expect("the page's cookie", await tab.evaluate("document.cookie"), f"token={token}")
    expect("our page", await own.evaluate(OPENED % server.port), "open")
    expect("somebody else's", await elsewhere.evaluate(OPENED % server.port), 1006)


async def play(server, other):
    token = server.process.stdout.readline().strip().partition("#token=")[2]
    with Browser() as browser:
        guest = await be_a_guest(browser, server, token)
        await come_without_a_token(browser, server)
        elsewhere = await browser.tab(f"http://127.0.0.1:{other.port}/")
        await use_a_cookie(guest, elsewhere, server, token)
    expect("how it ends", server.stop(), 0)
    log = server.log()
    for line in ("refused: 401 token-missing",
                 f"refused its origin: http://127.0.0.1:{other.port}", "refused: 403 origin"):
        expect(f"{line} in the log", line in log, True)
    expect("the token in the log", token in log, False)


def main():
    skip_if_missing()
    server, other = Gate(FOLDER, secret=False), Gate(FOLDER)
    try:
        asyncio.run(play(server, other))
    finally:
        server.end()
        other.end()


if __name__ == "__main__":
    main()
