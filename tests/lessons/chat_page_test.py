#!/usr/bin/python3
"""Lesson 07's page in headless Chromium: two tabs in a room, with the real server. Then the same
page from lesson 08's server, which wants a token, and over TLS.

    chat_page_test.py FOLDER [--picture FILE.png]

FOLDER holds the programs (build/dev/lessons).
--picture keeps a picture of the page in the middle of a talk, for the lesson's text.
Exit status 77: Chromium, openssl or Python's websockets is missing (1 when CI is set).
"""

import argparse
import asyncio
import base64
import json
import pathlib
import tempfile
import urllib.parse

from chat_page import ERRORS, HURRY, NOTES, PEOPLE, PRESENT, RAW, ROOMS, SAID, STATE, TYPED, WHY
from chromium import Browser, expect, skip_if_missing, websockets
from gate import Gate, make_certificate
from server import Server

EVIL = "<img src=x onerror=hit=1>"

# All that is wider than it may be: the page itself, and whatever would be scrolled sideways.
TOO_WIDE = """[...document.querySelectorAll('*')].filter(part => part.tagName !== 'INPUT' &&
  part.scrollWidth > part.clientWidth + 1 && (part === document.documentElement ||
    !['visible', 'clip'].includes(getComputedStyle(part).overflowX)))
  .map(part => part.tagName + '#' + part.id)"""
# Texts with less contrast than 4.5 to 1 (WCAG 2.2, 1.4.3), what is switched off excepted.
PALE = """(() => {
  const linear = v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4
  const light = colour => {
    const [r, g, b] = colour.match(/[\d.]+/g).map(v => linear(v / 255))
    return .2126 * r + .7152 * g + .0722 * b
  }
  const clear = colour => colour.endsWith(', 0)')
  const behind = part => {
    const colour = getComputedStyle(part).backgroundColor
    return clear(colour) && part.parentElement ? behind(part.parentElement) : colour
  }
  const says = (part, pseudo, style) =>
    pseudo === '' ? [...part.childNodes].some(n => n.nodeType === 3 && n.data.trim()) :
    pseudo === '::placeholder' ? part.placeholder :
    !['none', 'normal', '""'].includes(style.content)
  const pale = []
  for (const part of document.querySelectorAll('body *:not(script)'))
    for (const pseudo of ['', '::before', '::after', '::placeholder']) {
      const style = getComputedStyle(part, pseudo)
      if (!part.checkVisibility() || part.disabled || !says(part, pseudo, style)) continue
      const own = pseudo && !clear(style.backgroundColor)
      const ground = own ? style.backgroundColor : behind(part)
      const [low, high] = [light(style.color), light(ground)].sort((a, b) => a - b)
      if ((high + .05) / (low + .05) < 4.5)
        pale.push([part.tagName, part.id, part.className, pseudo, style.color, ground].join(' '))
    }
  return pale
})()"""


async def press_enter(tab):
    for kind in ("keyDown", "keyUp"):
        await tab.call("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", text="\r",
                       windowsVirtualKeyCode=13)


async def type_line(tab, text=""):
    """At the keyboard, where the focus is."""
    await tab.call("Page.bringToFront")
    if text:
        await tab.call("Input.insertText", text=text)
    await press_enter(tab)


async def fill(tab, form, text):
    """Into the one field of a form, without the keyboard."""
    await tab.evaluate(f"document.querySelector('#{form} input').value = {json.dumps(text)};"
                       f"document.querySelector('#{form}').requestSubmit()")


async def click(tab, selector):
    """On something that can be seen."""
    expect(f"{selector} can be used", await tab.evaluate(f"""(part => {{
      const usable = part.checkVisibility() && !part.disabled
      if (usable) part.click()
      return usable
    }})(document.querySelector({json.dumps(selector)}))"""), True)


def page(hub, **start):
    """The page's address, and what it starts with."""
    return f"http://{hub}/#{urllib.parse.urlencode(start)}"


# ---- What is tried, in this order ----

async def arrive(browser, hub):
    """Ann types everything, Ben comes with an address that says all."""
    ann = await browser.tab(f"http://{hub}/")
    await ann.until(STATE, "new")
    await type_line(ann, "Ann")
    await ann.until(STATE, "open")
    await type_line(ann)  # the room that the page proposes
    await ann.until(ROOMS, [["room:lobby", "", "true"]])
    await ann.until(PEOPLE, "1 here: Ann")
    ben = await browser.tab(page(hub, name="Ben", rooms="room:lobby"))
    await ben.until(STATE, "open")
    expect("Ben's address bar", await ben.evaluate("location.href"), f"http://{hub}/")
    for tab in ann, ben:
        await tab.until(PRESENT, "2 here,Ann,Ben")
    return ann, ben


async def talk(ann, ben):
    """What one says is shown by both, and stands in both panels, as it was on the wire."""
    await type_line(ann, "Grüße")
    await ann.until(SAID, ["Ann (you): Grüße"])
    await ben.until(SAID, ["Ann: Grüße"])
    expect("the field of what was said", await ann.evaluate(TYPED), "")
    panels = [await tab.evaluate(RAW) for tab in (ann, ben)]
    sent = json.loads(panels[0][-2].removeprefix("sent "))
    expect("what Ann sent", {**sent, "ref": "N"},
           {"do": "say", "room": "room:lobby", "text": "Grüße", "ref": "N"})
    expect("what Ben got", panels[1][-1], panels[0][-1])
    event = json.loads(panels[0][-1].removeprefix("received "))
    expect("the event", [event[key] for key in ("event", "seq", "name", "text")],
           ["message_sent", 1, "Ann", "Grüße"])


async def keep_order(ann, ben):
    """Both show the same, in the same order; the panel keeps the last 200."""
    for turn in range(12):
        for tab, who in (ann, "Ann"), (ben, "Ben"):
            await tab.evaluate(f"""for (let n = 0; n < 10; n++)
                ask({{ do: 'say', room: 'room:lobby', text: `{who} {turn} ${{n}}` }})""")
        for tab in ann, ben:
            await tab.until(f"{SAID}.length", 1 + 20 * (turn + 1))
    shown = [[line.replace(" (you)", "") for line in await tab.evaluate(SAID)]
             for tab in (ann, ben)]
    expect("what Ben sees", shown[1], shown[0])
    for who in "Ann", "Ben":
        expect(f"what {who} said", [line for line in shown[0][1:] if line.startswith(who)],
               [f"{who}: {who} {turn} {n}" for turn in range(12) for n in range(10)])
    expect("lines in the panel", await ann.evaluate(f"{RAW}.length"), 200)


async def use_rooms(ann, ben):
    """A second room, what was not read, leaving; who is gone is gone for the others."""
    await fill(ann, "join", "game:chess")
    await ann.until(ROOMS, [["room:lobby", "", "false"], ["game:chess", "", "true"]])
    await fill(ben, "say", "Ann?")
    await ann.until(ROOMS, [["room:lobby", "1", "false"], ["game:chess", "", "true"]])
    await click(ann, "#tabs button")
    await ann.until(ROOMS, [["room:lobby", "", "true"], ["game:chess", "", "false"]])
    expect("the last line", (await ann.evaluate(SAID))[-1], "Ben: Ann?")
    await click(ben, "#leave")
    await ben.until(ROOMS, [])
    await ann.until(PEOPLE, "1 here: Ann")
    await fill(ben, "join", "room:lobby")
    for tab in ann, ben:
        await tab.until(PRESENT, "2 here,Ann,Ben")


async def talk_alone(ann, ben):
    """A name is a button: what is said behind it, nobody else reads. It is a tab of its own, whose
    messages are shown when the server has passed them on."""
    await ann.evaluate("""[...document.querySelectorAll('#people button')]
        .find(one => one.checkVisibility() && one.textContent === 'Ben').focus()""")
    await type_line(ann)  # Enter on the name; then the field to write in has the focus
    await ann.until(PEOPLE, "only the two of you read this")
    await type_line(ann, "psst")
    await ann.until(SAID, ["Ann (you): psst"])
    expect("the field of what was said", await ann.evaluate(TYPED), "")
    await ben.until(ROOMS, [["room:lobby", "", "true"], ["@Ann", "1", "false"]])
    await click(ben, "#tabs button:last-child")
    await ben.until(SAID, ["Ann: psst"])
    await fill(ben, "say", "yes?")
    for tab, who in (ann, "Ben"), (ben, "Ben (you)"):
        await tab.until(f"{SAID}.at(-1)", f"{who}: yes?")
    expect("the rooms to come back to", await ben.evaluate("sessionStorage.rooms"), "room:lobby")
    for tab in ann, ben:
        await click(tab, "#leave")  # that is the page's own tab: both are in the room
        await click(tab, "#tabs button")
        await tab.until(PRESENT, "2 here,Ann,Ben")


async def be_told_by_many(ann):
    """Strangers do not fill the page with tabs."""
    rooms = await ann.evaluate(ROOMS)
    await ann.evaluate("""for (let n = 0; n < 100; n++) hear({ event: 'told', id: `stranger${n}`,
        from: `id${n}`, name: `N${n}`, text: 'hello' })""")
    expect("tabs", await ann.evaluate(f"{ROOMS}.length"), 50)
    expect("the last one", await ann.evaluate(f"{NOTES}.at(-1)"), "N99, to you: hello")
    await ann.evaluate("""for (let n = 0; n < 100; n++) if (rooms.has(`id${n}`))
        hear({ event: 'left', room: `id${n}` })""")
    expect("the rooms", await ann.evaluate(ROOMS), rooms)


async def make_mistakes(ann):
    """What the server refuses is said, what was typed stays, and a good request wipes it away."""
    await fill(ann, "join", "Bad Room!")
    await ann.until(f"{ERRORS}.length", 1)
    expect("the error", (await ann.evaluate(ERRORS))[0].split(":")[0], "bad-field")
    await fill(ann, "say", "x" * 2001)
    await ann.until(f"{ERRORS}.map(e => e.slice(0, 10))", ["bad-field:"])
    expect("what was typed", await ann.evaluate(f"{TYPED}.length"), 2001)
    await fill(ann, "say", "shorter")
    await ann.until(f"{SAID}.at(-1)", "Ann (you): shorter")
    expect("the errors", await ann.evaluate(ERRORS), [])


async def attack(ann, hub):
    """Names, texts, rooms and errors with HTML in them stay texts."""
    evil = await websockets.connect(f"ws://{hub}/ws?name={urllib.parse.quote(EVIL)}",
                                    subprotocols=["chat"])
    me = json.loads(await evil.recv())["member"]
    await evil.send(json.dumps({"do": "join", "room": "room:lobby"}))
    await evil.send(json.dumps({"do": "say", "room": "room:lobby", "text": EVIL}))
    await ann.until(f"{SAID}.at(-1)", f"{EVIL}: {EVIL}")
    await ann.until(f"{PEOPLE}.includes('{EVIL}')")
    await evil.send(json.dumps({"do": "tell", "to": await ann.evaluate("me.from"), "text": EVIL}))
    await ann.until(f"{ROOMS}.at(-1)", [f"@{EVIL}", "1", "false"])
    await click(ann, "#tabs button:last-child")
    await ann.until(SAID, [f"{EVIL}: {EVIL}"])
    await click(ann, "#leave")
    await click(ann, "#tabs button")
    await fill(ann, "join", EVIL)
    await ann.until(f"{ERRORS}.length", 1)
    # What this server would never say.
    for event in ({"event": "joined", "room": EVIL, "count": 1,
                   "members": [{"member": me, "name": EVIL}]},
                  {"event": "error", "code": EVIL, "what": EVIL, "retry_ms": 250},
                  {"event": "constructor"}, {"event": "__proto__"}, {"event": "unheard-of"}):
        await ann.evaluate(f"hear({json.dumps(event)})")
    await ann.until(f"{ERRORS}.at(-1)", f"{EVIL}: {EVIL} in 250 ms")
    expect("the rooms", [room for room, *_ in await ann.evaluate(ROOMS)],
           ["room:lobby", "game:chess", EVIL])
    await ann.evaluate(f"hear({json.dumps({'event': 'left', 'room': EVIL})})")
    expect("pictures in the page", await ann.evaluate("document.images.length"), 0)
    expect("what the pictures did", await ann.evaluate("typeof hit"), "undefined")
    await click(ann, "#tabs button")
    expect("who is here", EVIL in await ann.evaluate(PEOPLE), True)
    await evil.close()
    await ann.until(f"{PEOPLE}.includes('{EVIL}')", False)


async def miss_some(ann):
    """The same message again is dropped, a gap in the numbers is told."""
    await click(ann, "#tabs button:last-child")
    await fill(ann, "say", "e4")
    await ann.until(SAID, ["Ann (you): e4"])
    event = json.loads((await ann.evaluate(RAW))[-1].removeprefix("received "))
    epoch = event["id"].split("-")[0]
    await ann.evaluate(f"hear({json.dumps(event)})")
    await ann.evaluate(f"hear({json.dumps({**event, 'seq': 5, 'id': epoch + '-5', 'text': 'e5'})})")
    expect("what was said", await ann.evaluate(SAID), ["Ann (you): e4", "Ann (you): e5"])
    expect("what is missing", await ann.evaluate(NOTES), ["3 messages are missing"])
    await click(ann, "#leave")
    await ann.until(f"{ROOMS}.length", 1)


async def lose_the_server(ann, ben, program, server):
    """It is killed, and comes back on the same port: both say what they do, and go on."""
    server.kill()
    for tab in ann, ben:
        await tab.until(STATE, "waiting")
        await tab.until(f"{NOTES}.at(-1)", "disconnected")
        expect("who is here", await tab.evaluate(PEOPLE), False)
        expect("the button is off", await tab.evaluate(
            "document.querySelector('#say button').disabled"), True)
        await tab.until(f"/^[0-9.]+ s to reconnect: (1006|no server)/.test({WHY})")
    await ann.until(f"{WHY}.includes('no server there') || {HURRY}")
    again = Server(program, "--port", server.address.split(":")[1])
    await ann.until(f"{STATE} === 'open' || {HURRY}")  # Ben comes back when he has waited
    for tab in ann, ben:
        await tab.until(STATE, "open")
        await tab.until(PRESENT, "2 here,Ann,Ben")
        await tab.until(f"{NOTES}.slice(-2)", [
            "disconnected", "connected again; what was said in between is missing"])
    await fill(ben, "say", "still there?")
    for tab, who in (ann, "Ben"), (ben, "Ben (you)"):
        await tab.until(f"{SAID}.at(-1)", f"{who}: still there?")
    return again


async def go_away(ann, ben):
    """Who disconnects stays away, and may come again with another name."""
    await click(ben, "#stop")
    await ben.until(STATE, "closed")
    await ann.until(PEOPLE, "1 here: Ann")
    await fill(ben, "hello", "Bén & Co + 1 #?%")
    for tab in ann, ben:
        await tab.until(PRESENT, "2 here,Ann,Bén & Co + 1 #?%")


async def wait_for_longer(browser, hub):
    """The limit of the wait doubles up to 30 s, and the wait is anything below it. Some codes say
    that nobody wants us again."""
    tab = await browser.tab(f"http://{hub}/")
    await look(tab)
    await tab.evaluate("socket = {}; clearTimeout(timer)")
    waits = await tab.evaluate("""[[1, 8], [0, 2], [.5, 1]].map(([chance, times]) => {
      Math.random = () => chance
      return Array.from({ length: times }, () => {
        closed(1006, '1006')
        clearTimeout(timer)
        return parseFloat(document.getElementById('why').textContent)
      })
    })""")
    expect("the waits in s", waits, [[1, 2, 4, 8, 16, 30, 30, 30], [0, 0], [15]])
    ends = await tab.evaluate("""Array.from({ length: 15 }, (_, n) => {
      closed(1000 + n, 'because')
      clearTimeout(timer)
      return document.body.dataset.state
    })""")
    expect("the codes that say: come back",
           [1000 + n for n, state in enumerate(ends) if state == "waiting"],
           [1001, 1005, 1006, 1011, 1012, 1013, 1014])
    expect("other states", set(ends), {"waiting", "closed"})
    expect("the wait behind a session of 30 s", await tab.evaluate(f"""
      Math.random = () => 1
      socket.since = Date.now() - 30000
      closed(1006, '1006')
      clearTimeout(timer)
      parseFloat({WHY})"""), 1)
    expect("the state when nobody waits any more", await tab.evaluate(f"""(again =>
        again.checkVisibility() && (again.click(), {STATE}))(document.getElementById('again'))"""),
           "connecting")
    await tab.until(STATE, "open")
    await tab.connection.close()
    return tab


async def bring_a_token(browser, folder, scheme, *arguments):
    """To lesson 08's server. The token goes as a subprotocol, and is nowhere to be seen. What it
    does not grant is an error; without a good one there is no connection, and no word why."""
    gate = Gate(folder, *arguments)
    server = f"{scheme}://127.0.0.1:{gate.port}/"
    try:
        token = gate.token("Ann", join="room:*", say="room:tea")
        tab = await browser.tab(f"{server}#token={token}&rooms=room:tea")
        await tab.until(STATE, "open")
        expect("the subprotocols", tab.requests[-1]["Sec-WebSocket-Protocol"],
               f"chat, bearer.{token}")
        expect("address and subprotocol", await tab.evaluate("[socket.url, socket.protocol]"),
               [f"{server.replace('http', 'ws')}ws?name=", "chat"])
        expect("the token in the page", await tab.evaluate(
            f"(location.href + document.body.innerText + {RAW}).includes('{token}')"), False)
        await tab.until(PEOPLE, "1 here: Ann")
        for room, code in ("room:quiet", ""), ("game:chess", "denied"):
            await fill(tab, "join", room)
            await tab.until(f"{ERRORS}.map(e => e.split(':')[0]).join()", code)
        await fill(tab, "say", "psst")
        await tab.until(f"{ERRORS}.map(e => e.split(':')[0]).join()", "denied")
        expect("what the browser complains about", tab.complaints, [])
        await tab.call("Page.navigate", url=f"{server}#token={token}x")
        await tab.until("sessionStorage.token", f"{token}x")
        await tab.until(f"{WHY}.includes('it refuses you') || {HURRY}")
        expect("how it stopped", gate.stop(), 0)
    finally:
        gate.end()
    await tab.connection.close()


async def look(tab):
    """On a telephone and a projector, by day and by night: nothing is too wide, nothing is pale,
    the field to write in can be seen. Whoever hears the page hears what each field is for."""
    for width, height in (360, 740), (768, 1024), (1920, 1080):
        await tab.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                       deviceScaleFactor=1, mobile=width < 500)
        for scheme in "light", "dark":
            await tab.call("Emulation.setEmulatedMedia",
                           features=[{"name": "prefers-color-scheme", "value": scheme}])
            for panel in "false", "true":
                await tab.evaluate(f"document.getElementById('wire').open = {panel}")
                expect(f"too wide at {width}", await tab.evaluate(TOO_WIDE), [])
                expect(f"too pale at {width}, {scheme}", await tab.evaluate(PALE), [])
        await tab.evaluate("document.getElementById('wire').open = innerWidth > 960")
        expect(f"where the field to write in ends, at {width}", await tab.evaluate("""(field =>
            !field.checkVisibility() || field.getBoundingClientRect().bottom <= innerHeight
            )(document.getElementById('text'))"""), True)
    nodes = (await tab.call("Accessibility.getFullAXTree"))["nodes"]
    nameless = [node["nodeId"] for node in nodes
                if not node["ignored"] and node["role"]["value"] in ("textbox", "button") and
                not node.get("name", {}).get("value")]
    expect("fields and buttons without a name", nameless, [])


async def be_long(ann, ben):
    """The longest name of a room, a text without a space, and something that was not read."""
    room = "device-group:" + "a" * 35
    await fill(ann, "join", room)
    await ann.until(f"{ROOMS}.length", 2)
    await fill(ann, "say", "x" * 500)
    await ann.until(f"{SAID}.length", 1)
    await fill(ben, "say", "Ann?")
    await ann.until(ROOMS, [["room:lobby", "1", "false"], [room, "", "true"]])


async def take_picture(browser, hub, file):
    """Of the page in the middle of a talk."""
    ann = await browser.tab(page(hub, name="Ann", rooms="game:chess room:tea"))
    ben = await browser.tab(page(hub, name="Ben", rooms="room:tea"))
    cleo = await browser.tab(page(hub, name="Cleo", rooms="game:chess room:tea"))
    await ann.until(f"{PEOPLE}.slice(0, 6)", "3 here")
    for tab, text in ((ben, "Good morning! Is the kettle on?"),
                      (ann, "Two minutes. Who takes milk?"),
                      (cleo, "Milk, please, and no sugar."),
                      (ben, "None for me."),
                      (ann, "It is ready.")):
        await fill(tab, "say", text)
        await ann.until(f"{SAID}.at(-1)?.split(': ').at(-1)", text)
    await click(cleo, "#tabs button")
    await fill(cleo, "say", "e4")
    await ann.until(ROOMS, [["game:chess", "1", "false"], ["room:tea", "", "true"]])
    await ann.call("Page.bringToFront")
    await ann.call("Emulation.setDeviceMetricsOverride", width=1280, height=640,
                   deviceScaleFactor=1, mobile=False)
    await ann.evaluate("document.activeElement.blur(); document.getElementById('wire').open = true")
    picture = await ann.call("Page.captureScreenshot", format="png")
    file.write_bytes(base64.b64decode(picture["data"]))


async def main(folder, picture):
    program = folder / "07_hub/hub"
    with Browser() as browser:
        with Server(program, "--port", "0") as server:
            hub = server.address
            if picture:
                await take_picture(browser, hub, picture)
                return
            ann, ben = await arrive(browser, hub)
            await talk(ann, ben)
            await keep_order(ann, ben)
            await use_rooms(ann, ben)
            await talk_alone(ann, ben)
            await be_told_by_many(ann)
            await make_mistakes(ann)
            await attack(ann, hub)
            await miss_some(ann)
            other = await wait_for_longer(browser, hub)
            await be_long(ann, ben)
            await look(ann)
            await click(ann, "#leave")
            await ann.until(f"{ROOMS}.length", 1)
            for tab in ann, ben, other:
                expect("what the browser complains about", tab.complaints, [])
            again = await lose_the_server(ann, ben, program, server)
        with again:
            await go_away(ann, ben)
        await ann.until(STATE, "waiting")  # the server has said: 1001
        await look(ann)
        for tab in ann, ben:
            expect("what the browser complains about",
                   [line for line in tab.complaints if "ERR_CONNECTION_REFUSED" not in line], [])
        await bring_a_token(browser, folder, "http")
        with tempfile.TemporaryDirectory() as home:
            certificate, key = make_certificate(home)
            await bring_a_token(browser, folder, "https", "--cert", certificate, "--key", key)
        print("the page of the chat does what it should")


skip_if_missing("openssl")
arguments = argparse.ArgumentParser()
arguments.add_argument("folder", type=pathlib.Path)
arguments.add_argument("--picture", type=pathlib.Path)
given = arguments.parse_args()
asyncio.run(main(given.folder, given.picture))
