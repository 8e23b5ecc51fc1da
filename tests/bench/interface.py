"""wsdump's screens in a pseudo-terminal, showing the messages of all connections: while packets
come as fast as the kernel takes them, and while a capture of a million messages is read. Of keys,
pictures and drops the worst of all rounds counts where a column says "worst" or "dropped"."""
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import time

import live
from programs import cost_of
from table import print_table, times
from terminal import Terminal

SECONDS = 5  # of sending, at most
SETTLED = 0.7  # seconds without output: all is on the screen
WITHOUT_KEYS = 1.0  # seconds of sending in which the pictures are counted
LONGEST = 30  # seconds until it is given up
BETWEEN_KEYS = 0.053  # seconds: not in step with the pictures
ONE_PICTURE = 0.02  # seconds: output that is not further apart is of one picture
FILLING = 3  # keys are pressed for so many times what reading alone takes

ROWS = re.compile(r"(\d+) rows")


def measure(build, folder, rounds, markdown):
    captures = {"1 connection": make(build, folder, "small"),
                "10,000 connections": make(build, folder, "many_10k")}
    measure_filling(build, captures, rounds, markdown)
    reason = live.why_not()
    if reason:
        print(f"\ninterface, live: skipped: {reason}")
        return
    measure_live(build, captures, rounds, markdown)


def make(build, folder, kind):
    path = f"{folder}/{kind}.pcap"
    if not os.path.exists(path):
        subprocess.run([f"{build}/bin/make_capture", kind, path], check=True,
                       stdout=subprocess.DEVNULL)
    return path


def median(seen, name):
    return statistics.median(one[name] for one in seen)


# --- what is read of the screen ---


def first(terminal, condition, after=0):
    """When the screen first was as `condition` wants it; None if it never was."""
    for when, screen in terminal.replay():
        if when >= after and condition(screen):
            return when
    return None


def rows_of(screen):
    rows = ROWS.search(screen.text(1))
    return int(rows[1]) if rows else 0


def count_pictures(terminal, start, end):
    """The pictures in which there are other rows than in the one before."""
    count, rows, drawn = 0, 0, 0
    for when, screen in terminal.replay(end):
        if when >= start and rows_of(screen) != rows:
            count += when - drawn > ONE_PICTURE
            rows, drawn = rows_of(screen), when
    return count


def latencies(terminal, presses):
    """Seconds from each key to the picture that shows what it did: (when, what the second row then
    matches)."""
    found = []
    for pressed, wanted in presses:
        shown = first(terminal, lambda screen: re.search(wanted, screen.text(1)), pressed)
        if shown is None:
            sys.exit(f"interface: a key did not do what it does: no \"{wanted}\"")
        found.append(shown - pressed)
    return found


def press_while(terminal, condition, keys):
    """Presses keys in turn, each (key, what the second row then matches). Returns when each was."""
    presses = []
    while condition():
        key, wanted = keys[len(presses) % len(keys)]
        presses.append((terminal.press(key), wanted))
        time.sleep(BETWEEN_KEYS)
    return presses


def wait_until(condition):
    deadline = time.monotonic() + LONGEST
    while not condition():
        if time.monotonic() > deadline:
            sys.exit("interface: the program does not get ready or does not end")
        time.sleep(0.01)


def key_cells(seen):
    seconds = [latency for one in seen for latency in one["keys"]]
    return [f"{1e3 * statistics.median(seconds):.0f} ms", f"{1e3 * max(seconds):.0f} ms"]


# --- a capture that is read while one looks ---


def fill(build, path, keys_until):
    """Keys are pressed for so many seconds: not at all for 0."""
    terminal = Terminal([f"{build}/bin/wsdump", "--tui", "-q", "-r", path])
    terminal.press("a")
    wait_until(lambda: first(terminal, lambda screen: rows_of(screen) > 1))
    presses = press_while(terminal, lambda: time.monotonic() < terminal.started + keys_until,
                          [("j", r": 2 of \d"), ("k", r": 1 of \d")])
    wait_until(lambda: terminal.quiet_for() > SETTLED)
    memory = terminal.peak_memory()
    cpu = terminal.end(signal.SIGTERM)
    begun = first(terminal, lambda screen: rows_of(screen) > 1)
    all_rows = max(rows_of(screen) for _, screen in terminal.replay())
    done = first(terminal, lambda screen: rows_of(screen) == all_rows and
                 "reading" not in screen.text(0))
    if done is None:
        sys.exit("interface: the capture is never read to its end")
    waited = latencies(terminal, [press for press in presses if press[0] < done])
    return {"first": begun - terminal.started, "done": done - terminal.started, "keys": waited,
            "pictures": count_pictures(terminal, begun, done) / (done - begun), "rows": all_rows,
            "cpu": cpu.ru_utime + cpu.ru_stime, "memory": memory}


def measure_filling(build, captures, rounds, markdown):
    rows = []
    for name, path in captures.items():
        alone, seen, pressed = [], [], []
        for _ in range(rounds):
            alone.append(cost_of(build, [f"{build}/bin/wsdump", "-q", "-r", path, "--show", "end"]))
            seen.append(fill(build, path, 0))
            pressed.append(fill(build, path, FILLING * alone[-1].wall))
        reading, done = statistics.median(one.wall for one in alone), median(seen, "done")
        rows.append([f"wsdump --tui, reading, {name}", f"{1e3 * median(seen, 'first'):.0f} ms",
                     f"{median(seen, 'pictures'):.1f}", *key_cells(pressed), f"{done:.2f} s",
                     f"{reading:.2f} s", times(done / reading), f"{median(seen, 'rows'):,}",
                     f"{median(seen, 'cpu'):.2f} s", f"{median(seen, 'memory'):.1f} MiB"])
    print_table("the screens while a capture is read",
                ["first rows", "pictures/s", "key, median", "key, worst", "all are there",
                 "--show end", "/ --show end", "rows", "CPU", "memory"], rows, markdown)


# --- live ---


def measure_live(build, captures, rounds, markdown):
    rows = []
    for name, path in captures.items():
        inside = ["unshare", "--net", sys.executable, "-B", __file__, build, path]
        seen = [json.loads(subprocess.run(inside, check=True, stdout=subprocess.PIPE).stdout)
                for _ in range(rounds)]
        rows.append([f"wsdump --tui -i lo, {name}", f"{median(seen, 'rate'):,.0f}",
                     f"{median(seen, 'pictures'):.1f}",
                     f"{min(one['pictures'] for one in seen):.1f}", *key_cells(seen),
                     *(f"{max(one[drops] for one in seen):,}"
                       for drops in ("kernel_drops", "ring_drops")),
                     *(f"{median(seen, column):,}" for column in ("sent", "messages", "rows")),
                     f"{median(seen, 'cpu'):.2f} s", f"{median(seen, 'memory'):.1f} MiB"])
    print_table("the screens live, small messages at the sender's maximum",
                ["packets/s", "pictures/s", "pictures/s, worst", "key, median", "key, worst",
                 "dropped by the kernel", "by the ring", "packets sent", "messages", "rows", "CPU",
                 "memory"], rows, markdown)


def inside(build, path):
    """What runs inside the namespace."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    terminal = Terminal([f"{build}/bin/wsdump", "--tui", "-i", "lo"])
    wait_until(live.listens)
    terminal.press("a")
    time.sleep(0.3)
    flood = subprocess.Popen([f"{build}/bin/flood", "lo", path, str(SECONDS)],
                             stdout=subprocess.PIPE)
    wait_until(lambda: terminal.quiet_for() < 0.01)  # it has read the capture and sends
    start = time.monotonic()
    time.sleep(WITHOUT_KEYS)  # every key makes a picture of its own
    end = time.monotonic()
    presses = press_while(terminal, lambda: flood.poll() is None,
                          [("k", "^(?!.*follow)"), ("F", "follow")])
    sent, seconds, _ = flood.stdout.read().split()
    wait_until(lambda: terminal.quiet_for() > SETTLED)
    rows = max(rows_of(screen) for _, screen in terminal.replay())
    memory = terminal.peak_memory()
    cpu = terminal.end(signal.SIGTERM)
    said = terminal.written()
    summary = re.search(r"(\d+) messages, .* (\d+) dropped by the kernel", said)
    if not summary:
        sys.exit(f"interface: wsdump says no summary: {said[-300:]!r}")
    ring_drops = re.search(r"(\d+) packets were dropped, since", said)
    print(json.dumps({"sent": int(sent), "rate": int(sent) / float(seconds), "rows": rows,
                      "pictures": count_pictures(terminal, start, end) / (end - start),
                      "keys": latencies(terminal, presses), "messages": int(summary[1]),
                      "kernel_drops": int(summary[2]),
                      "ring_drops": int(ring_drops[1]) if ring_drops else 0,
                      "cpu": cpu.ru_utime + cpu.ru_stime, "memory": memory}))


if __name__ == "__main__":
    inside(sys.argv[1], sys.argv[2])
