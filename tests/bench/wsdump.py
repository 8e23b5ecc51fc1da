"""wsdump on capture files, beside its peers and its limits.

The limits are programs of ours that do less than wsdump has to: count_packets and floor.
"""
import collections
import itertools
import os
import subprocess
import sys

from programs import costs_of, exists, output_of
from table import print_table, times

Capture = collections.namedtuple("Capture", "kind path packets messages megabytes")

KINDS = {
    "small": "16 to 125 bytes, a message in each packet",
    "coalesced": "16 to 125 bytes, about 19 messages in each packet",
    "big": "64 KiB",
    "deflate": "200 to 4100 bytes, compressed by zlib",
    "many": "16 to 125 bytes, 1000 connections",
}

# What the work should be linear in: the unit that must cost the same in both captures.
GROWTH = [
    ("100 k -> 1 M packets", "small_tenth", "small", "packets"),
    ("1,000 -> 10,000 connections", "many_40", "many_10k", "packets"),
    ("64 KiB -> 64 MiB messages", "big", "one_64m", "megabytes"),
]

LIBPCAP, FLOOR, FIELDS = "libpcap, nothing else", "floor", "tshark fields"
COUNTING, TEXT, JSON = "wsdump, counting", "wsdump --text", "wsdump --json"


def make(build, folder, kind):
    path = f"{folder}/{kind}.pcap"
    messages, size = (int(n) for n in output_of([f"{build}/bin/make_capture", kind, path]).split())
    packets = int(output_of([f"{build}/bin/count_packets", path]).split()[0])
    capture = Capture(kind, path, packets, messages, os.path.getsize(path) / 1e6)
    verify(build, capture, size)
    return capture


def lines_of(command):
    with subprocess.Popen(command, stdout=subprocess.PIPE) as program:
        yield from program.stdout
    if program.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit status {program.returncode}")


def verify(build, capture, size):
    """A program that is wrong must not win: every message has the same text by wsdump, as text and
    as JSON, as by the floor, and there are as many as were made."""
    wsdump = [f"{build}/bin/wsdump", "-q", "-r", capture.path, "--show", "message"]
    floor = lines_of([f"{build}/bin/floor", capture.path])
    text = lines_of([*wsdump, "--text", "--max-data", "0"])
    records = lines_of([*wsdump, "--json"])
    messages = total = 0
    for limit, line, record in itertools.zip_longest(floor, text, records, fillvalue=b""):
        payload = limit.rstrip(b"\n").split(b" ", 3)[-1]
        quoted = b'"' + payload.replace(b'"', b'\\"') + b'"'
        if quoted not in line or b'"data":' + quoted not in record:
            sys.exit(f"capture {capture.kind}, message {messages + 1}: wsdump says\n"
                     f"  {line[:200]}\n  {record[:400]}\nand the floor\n  {limit[:200]}")
        messages += 1
        total += len(payload)
    if (messages, total) != (capture.messages, size):
        sys.exit(f"capture {capture.kind} has {capture.messages} messages, {size} bytes, "
                 f"and {messages}, {total} bytes were found")


def wsdump_commands(build, path):
    wsdump = [f"{build}/bin/wsdump", "-q", "-r", path]
    return {
        COUNTING: [*wsdump, "--show", "end"],
        TEXT: [*wsdump, "--text"],
        "wsdump --text --max-data 0": [*wsdump, "--text", "--max-data", "0"],
        JSON: [*wsdump, "--json"],
    }


def tshark_fields(path):
    return ["tshark", "-n", "-r", path, "-d", "tcp.port==8080,http", "-Y", "websocket",
            "-T", "fields", "-e", "frame.time_epoch", "-e", "ip.src", "-e", "websocket.opcode",
            "-e", "websocket.payload_length", "-e", "websocket.payload.text"]


def all_commands(build, path):
    fields = tshark_fields(path)
    commands = {
        LIBPCAP: [f"{build}/bin/count_packets", path],
        "floor --count": [f"{build}/bin/floor", "--count", path],
        FLOOR: [f"{build}/bin/floor", path],
        **wsdump_commands(build, path),
        "tcpdump -A": ["tcpdump", "-n", "-A", "-r", path],
        "tshark -Y websocket": fields[:fields.index("-T")],
        FIELDS: fields,
    }
    return {name: command for name, command in commands.items() if exists(command)}


def ratio(cost, costs, name):
    return times(cost.cpu / costs[name].cpu) if name in costs else "-"


def saved(cost, costs, name):
    return times(costs[name].cpu / cost.cpu) if name in costs else "-"


def print_capture(capture, costs, markdown):
    print_table(
        f"{capture.messages:,} messages: {KINDS[capture.kind]}",
        ["CPU", "messages/s", "MB/s", "memory", "/ libpcap", "/ floor", "tshark fields /"],
        [[name, f"{cost.cpu:.3f} s", f"{capture.messages / cost.cpu:,.0f}",
          f"{capture.megabytes / cost.cpu:,.0f}", f"{cost.memory:.1f} MiB",
          ratio(cost, costs, LIBPCAP), ratio(cost, costs, FLOOR), saved(cost, costs, FIELDS)]
         for name, cost in costs.items()], markdown)


def overview_row(capture, costs):
    text = costs[TEXT]
    return [f"{KINDS[capture.kind]}", f"{text.cpu:.2f} s", f"{capture.messages / text.cpu:,.0f}",
            f"{capture.megabytes / text.cpu:,.0f}", f"{text.memory:.1f} MiB",
            saved(text, costs, FIELDS), saved(costs[JSON], costs, FIELDS),
            saved(text, costs, "tcpdump -A"), ratio(text, costs, FLOOR),
            ratio(text, costs, LIBPCAP), ratio(costs[COUNTING], costs, LIBPCAP)]


def captures(build, folder, rounds, markdown):
    overview = []
    for kind in KINDS:
        capture = make(build, folder, kind)
        costs = costs_of(build, all_commands(build, capture.path), rounds)
        print_capture(capture, costs, markdown)
        overview.append(overview_row(capture, costs))
    print_table("wsdump --text, overview",
                ["CPU", "messages/s", "MB/s", "memory", "tshark fields / --text",
                 "tshark fields / --json", "tcpdump -A / --text", "--text / floor",
                 "--text / libpcap", "counting / libpcap"], overview, markdown)


def growth(build, folder, rounds, markdown):
    made, rows = {}, []
    for what, small, large, unit in GROWTH:
        for kind in (small, large):
            if kind not in made:
                made[kind] = make(build, folder, kind)
        costs = costs_of(build, {(name, kind): wsdump_commands(build, made[kind].path)[name]
                                 for name in (TEXT, JSON) for kind in (small, large)}, rounds)
        for name in (TEXT, JSON):
            each = [costs[name, kind].cpu / getattr(made[kind], unit) for kind in (small, large)]
            rows.append([f"{what}, {name}", *(f"{1e6 * cpu:.3f} us" for cpu in each), unit[:-1],
                         times(each[1] / each[0]),
                         *(f"{costs[name, kind].memory:.1f} MiB" for kind in (small, large))])
    print_table("what grows", ["CPU, before", "after", "for a", "after / before", "memory, before",
                               "after"], rows, markdown)


def start(build, folder, rounds, markdown):
    capture = make(build, folder, "tiny")
    commands = all_commands(build, capture.path)
    costs = costs_of(build, {name: commands[name] for name in
                             (LIBPCAP, FLOOR, TEXT, JSON, "tcpdump -A", FIELDS)
                             if name in commands}, 4 * rounds)
    print_table(f"start-up: a capture of {capture.packets} packets", ["on the clock", "memory"],
                [[name, f"{1e3 * cost.wall:.1f} ms", f"{cost.memory:.1f} MiB"]
                 for name, cost in costs.items()], markdown)
