"""Lesson 07's chat service beside two others and the least that a broadcast costs.

hub_load (hub_load.c) is the client of all of them, and checks every message. Where there are two
processors, the server has the first and the client the second for itself, and never sleeps there.
"""
import json
import os
import resource
import statistics
import subprocess
import sys
import time

from programs import exists
from table import print_table, times

HERE = os.path.dirname(os.path.abspath(__file__))
OURS, GORILLA, NPM = "wskit, lesson 07", "gorilla", "npm ws"
FLOOR, COALESCING = "bare loop", "bare loop, coalescing"

SUBSCRIBERS = 1000
STOPPED = 50  # clients that read nothing, in hub/stopped
CONNECTIONS = 5000  # in hub/idle
SECONDS = 4  # of measuring
ROUNDS = 3  # at most
LONGEST = 120  # seconds until a run is given up
CASES = {"closed": "as fast as it goes, 16 messages on their way",
         "open": "100 messages a second"}


def servers(build):
    """Their commands, and how they want to be spoken to."""
    every = {
        OURS: ([f"{build}/lessons/07_hub/hub"], "hub"),
        GORILLA: ([f"{build}/bin/hub_gorilla"], "plain"),
        NPM: (["node", f"{HERE}/hub_ws.js"], "plain"),
        FLOOR: ([f"{build}/bin/hub_floor"], "plain"),
        COALESCING: ([f"{build}/bin/hub_floor", "coalesce"], "plain"),
    }
    here = {name: server for name, server in every.items() if exists(server[0])}
    if not os.path.isdir(f"{HERE}/../interop/node_modules/ws"):
        here.pop(NPM, None)
    for name in every.keys() - here.keys():
        print(f"\nhub: without {name}, which is not installed")
    return here


def on_core(core):
    """What a program does before it starts: it stays on one processor, if there are two."""
    return (lambda: os.sched_setaffinity(0, {core})) if os.cpu_count() > 1 else None


def used():
    """Seconds of CPU time that everything has used until now, and what we started has."""
    with open("/proc/stat") as file:
        user, nice, system, _, _, irq, softirq, steal = map(int, file.readline().split()[1:9])
    ours = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ((user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK"),
            ours.ru_utime + ours.ru_stime)


def load(build, server, *arguments):
    """What hub_load says of a server that is started for it, and how many processors others used
    meanwhile ("others"); None where the machine is too small."""
    start, (all_before, ours_before) = time.monotonic(), used()
    command, dialect = server
    program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               stdin=subprocess.DEVNULL, preexec_fn=on_core(0))
    try:
        port = program.stdout.readline().decode().rpartition(":")[2].strip()
        client = [f"{build}/bin/hub_load", "--port", port, "--pid", str(program.pid), "--dialect",
                  dialect, "--seconds", str(SECONDS), *arguments,
                  *(["--spin"] if os.cpu_count() > 1 else [])]
        done = subprocess.run(client, capture_output=True, text=True, timeout=LONGEST,
                              preexec_fn=on_core(1))
    finally:
        program.kill()
        program.wait()
    if done.returncode not in (0, 77):
        sys.exit(f"{' '.join(command)}: {done.stderr.strip()}")
    if done.returncode == 77:
        print(f"\nhub: skipped: {done.stderr.strip()}")
        return None
    all_after, ours_after = used()
    others = (all_after - all_before - (ours_after - ours_before)) / (time.monotonic() - start)
    return json.loads(done.stdout) | {"others": max(others, 0)}


def medians(runs):
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]
            if isinstance(runs[0][key], (int, float))}


def measure(build, commands, rounds, variants):
    """The medians of each variant, {name: arguments}, of each server, by (server, variant)."""
    runs = {}
    for _ in range(min(rounds, ROUNDS)):
        for name, server in commands.items():
            for variant, arguments in variants.items():
                runs.setdefault((name, variant), []).append(load(build, server, *arguments))
    return {key: medians(each) for key, each in runs.items() if None not in each}


def print_others(seen):
    cores = statistics.median(got["others"] for got in seen.values())
    print(f"\nother programs used {cores:.2f} of the {os.cpu_count()} cores meanwhile")


def beside(seen, case, key, name, peer):
    """How many times as much of something as a peer; the other way round: how many times as much
    as this the peer has."""
    return seen[name, case][key] / seen[peer, case][key] if (peer, case) in seen else None


def ratio(value, inverse=False):
    return "-" if value is None else times(1 / value if inverse else value)


def broadcast_row(seen, case, name):
    got = seen[name, case]
    return [name, f"{got['deliveries_per_s']:,.0f}",
            *(ratio(beside(seen, case, "deliveries_per_s", name, peer)) for peer in (GORILLA, NPM)),
            f"{got['server_cpu_per_million']:.2f} s",
            *(ratio(beside(seen, case, "server_cpu_per_million", name, peer), inverse=True)
              for peer in (GORILLA, NPM)),
            *(f"{got[key]:.1f} ms" for key in ("p50_ms", "p99_ms", "max_ms")),
            *(f"{100 * got[key]:.0f} %" for key in ("server_cpu", "client_busy"))]


def broadcast(build, folder, rounds, markdown):
    where = ("server on core 0, client on core 1" if os.cpu_count() > 1 else
             "server and client share the one core")
    print(f"\nhub: {SUBSCRIBERS:,} subscribers of one room, 128 bytes a message; {where}; medians of "
          f"{ROUNDS} rounds of {SECONDS} s")
    commands = servers(build)
    seen = measure(build, commands, rounds, {
        case: ["--mode", case, "--subscribers", str(SUBSCRIBERS)] for case in CASES})
    for case, what in CASES.items():
        print_table(what, ["deliveries/s", "/ gorilla", "/ npm ws", "CPU for a million",
                           "gorilla /", "npm ws /", "p50", "p99", "longest", "server busy",
                           "client busy"],
                    [broadcast_row(seen, case, name) for name in commands if (name, case) in seen],
                    markdown)
    print_others(seen)


def stopped(build, folder, rounds, markdown):
    commands = {name: server for name, server in servers(build).items()
                if name not in (FLOOR, COALESCING)}
    seen = measure(build, commands, rounds, {
        (case, count): ["--mode", case, "--subscribers", str(SUBSCRIBERS), "--stopped", str(count)]
        for case in CASES for count in (0, STOPPED)})
    rows = []
    for case, what in CASES.items():
        for name in commands:
            if (name, (case, STOPPED)) in seen:
                before, after = seen[name, (case, 0)], seen[name, (case, STOPPED)]
                pairs = [(key, before[key], after[key]) for key in ("p50_ms", "p99_ms", "max_ms")]
                rows.append([f"{name}, {what}",
                             ratio(after["deliveries_per_s"] / before["deliveries_per_s"]),
                             *(f"{a:.1f} -> {b:.1f} ms" for _, a, b in pairs),
                             f"{after['dropped']:.0f}", f"{after['rss_kib_at_end'] / 1024:.0f} MiB"])
    print_table(f"{STOPPED} more that read nothing", ["deliveries/s, after / before", "p50", "p99",
                                                      "longest", "hung up meanwhile", "memory"],
                rows, markdown)
    print_others(seen)


def idle(build, folder, rounds, markdown):
    commands = servers(build)
    seen = measure(build, commands, 1, {"idle": [
        "--mode", "idle", "--subscribers", str(CONNECTIONS - 1), "--thread-each"]})
    print_table(f"{CONNECTIONS:,} connections, each answers a ping",
                ["memory for each", "threads", "CPU for each ping"],
                [[name, f"{got['rss_kib_per_connection']:.1f} KiB", f"{got['threads']:,.0f}",
                  f"{1e6 * got['server_cpu'] * got['seconds'] / CONNECTIONS:.1f} us"]
                 for (name, _), got in seen.items()], markdown)


def allow_descriptors():
    """As many as the system lets us have: for this process and those that it starts."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


allow_descriptors()
