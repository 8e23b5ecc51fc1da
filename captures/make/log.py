"""Writes what a Python websockets application sent and received, as JSON Lines."""

import base64
import json

from websockets.version import version

# websockets answers pings by itself and does not tell of them, nor of pongs.
SEES = ["text", "binary", "sent-ping", "close"]


def address(pair):
    host, port = pair[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Log:
    def __init__(self, path, side):
        # Line buffered: the log is complete however the program ends.
        self.file = open(path, "w", buffering=1, encoding="ascii")
        self.write({"app": f"Python websockets {version}", "side": side, "sees": SEES})

    def write(self, entry):
        # json escapes everything outside ASCII, so that control characters and
        # right-to-left overrides cannot disturb the log's reader.
        self.file.write(json.dumps(entry, separators=(",", ":")) + "\n")


class LoggedConnection:
    """Passes calls on to a websockets connection and notes each message."""

    def __init__(self, ws, client, log):
        self.ws, self.client, self.log = ws, client, log
        extensions = ", ".join(str(extension) for extension in ws.extensions)
        self.log.write({"client": client, "type": "open",
                        "subprotocol": ws.subprotocol or "", "extensions": extensions})

    def note(self, dir, **entry):
        self.log.write({"client": self.client, "dir": dir, **entry})

    def note_data(self, dir, data):
        if isinstance(data, str):
            self.note(dir, type="text", text=data)
        else:
            self.note(dir, type="binary", base64=base64.b64encode(data).decode())

    async def send(self, data):
        self.note_data("sent", data)
        await self.ws.send(data)

    async def send_fragments(self, fragments):
        """Sends one message from an async iterator, one frame for each item."""
        sent = []

        async def remember():
            async for fragment in fragments:
                sent.append(fragment)
                yield fragment

        await self.ws.send(remember())
        self.note_data("sent", sent[0][:0].join(sent))

    async def ping(self, data):
        """Sends a ping; what it returns can be awaited for the pong."""
        self.note("sent", type="ping", base64=base64.b64encode(data).decode())
        return await self.ws.ping(data)

    async def recv(self):
        data = await self.ws.recv()
        self.note_data("received", data)
        return data

    async def close(self, code=1000, reason=""):
        await self.ws.close(code, reason)
        await self.closed()

    async def closed(self):
        """Waits for the end of the connection and notes the Close of each side."""
        await self.ws.wait_closed()
        sides = [("sent", self.ws.close_sent), ("received", self.ws.close_rcvd)]
        if self.ws.close_rcvd_then_sent:
            sides.reverse()
        for dir, close in sides:
            if close is not None:
                # 1005 never travels: it is the API's word for "without a code".
                self.note(dir, type="close", code=None if close.code == 1005 else close.code,
                          reason=close.reason)
            elif dir == "received":
                self.note(dir, type="lost")
