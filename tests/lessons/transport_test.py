#!/usr/bin/python3
"""The table of transports in lessons/doc/transport.md is what tshark counts in
captures/transports.pcapng.

    transport_test.py PROJECT [--update]
"""

import pathlib
import re
import shutil
import subprocess
import sys

NAMES = {
    8081: "polling, every 2 s",
    8082: "long polling",
    8083: "server-sent events",
    8084: "WebSocket",
    8085: "gRPC stream",
}
UPDATE = re.compile(rb'\{"event":"price_updated"[^}]*?"at":(\d+)\}')
SKIPPED = 77


class Stream:
    """One TCP connection: bytes in both directions, and when each update came over."""

    def __init__(self, port):
        self.port = port
        self.up = self.down = b""
        self.late = []

    def add(self, to_server, time, payload):
        if to_server:
            self.up += payload
            return
        seen = len(UPDATE.findall(self.down))
        self.down += payload
        for made in UPDATE.findall(self.down)[seen:]:
            self.late.append(time - int(made) / 1000)


def streams(capture):
    fields = "tcp.stream", "tcp.srcport", "tcp.dstport", "frame.time_epoch", "tcp.payload"
    command = ["tshark", "-r", str(capture), "-o", "tcp.desegment_tcp_streams:FALSE",
               "-Y", "tcp.len > 0", "-T", "fields", *(f"-e{field}" for field in fields)]
    found = {}
    for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\n"):
        if line:
            stream, source, target, time, payload = line.split("\t")
            port = min(int(source), int(target))
            found.setdefault(stream, Stream(port)).add(
                int(target) == port, float(time), bytes.fromhex(payload))
    # The page came over connections of its own.
    return [s for s in found.values()
            if s.port in NAMES and (s.port == 8085 or s.up.startswith(b"GET /updates"))]


def table(capture):
    lines = ["| 20 updates by | requests | bytes to the server | bytes to the client | "
             "of these, not the update itself | late by, usually | late by, at most |",
             "|---|--:|--:|--:|--:|--:|--:|"]
    every = streams(capture)
    for port, name in NAMES.items():
        mine = [s for s in every if s.port == port]
        late = sorted(value for s in mine for value in s.late)
        content = sum(len(found.group()) for s in mine for found in UPDATE.finditer(s.down))
        if len(late) != 20:
            sys.exit(f"{name}: {len(late)} updates instead of 20")
        up, down = (sum(len(getattr(s, way)) for s in mine) for way in ("up", "down"))
        requests = sum(s.up.count(b"GET ") for s in mine) if port != 8085 else 1
        lines.append(f"| {name} | {requests} | {up:,} | {down:,} | {up + down - content:,} | "
                     f"{late[10] * 1000:,.0f} ms | {late[-1] * 1000:,.0f} ms |")
    return "\n".join(lines) + "\n"


def main():
    project = pathlib.Path(sys.argv[1])
    if not shutil.which("tshark"):
        print("SKIPPED: tshark is missing (Debian: tshark)")
        return SKIPPED
    page = project / "lessons/doc/transport.md"
    text = page.read_text()
    measured = table(project / "captures/transports.pcapng")
    shown = re.search(r"\| 20 updates by .*?\n(?=\n)", text, re.S).group()
    if "--update" in sys.argv:
        page.write_text(text.replace(shown, measured))
    elif shown != measured:
        print(f"{page} says\n\n{shown}\nbut the capture holds\n\n{measured}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
