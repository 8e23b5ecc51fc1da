"""wsdump on the loopback interface of a network namespace of its own, through which a capture is
sent as fast as the kernel takes it: is anything dropped, and how late is the output?"""
import json
import os
import re
import signal
import subprocess
import sys
import time

from programs import exists
from table import print_table

SECONDS = 2  # of sending, at most
SETTLED = 1.0  # seconds without output: all has been written
LONGEST = 20  # seconds until it is given up
FIRST = re.compile(rb"\d\d:\d\d:\d\d\.|\{\"record\"")  # of a message; tcpdump: of a packet


def commands(build):
    wsdump = [f"{build}/bin/wsdump", "-i", "lo", "--show", "message"]
    return {
        "wsdump --text": [*wsdump, "--text"],
        "wsdump --text -B 65536": [*wsdump, "--text", "-B", "65536"],
        "wsdump --json": [*wsdump, "--json"],
        "tcpdump -A": ["tcpdump", "-n", "-A", "-i", "lo"],
        "tcpdump -A -B 65536": ["tcpdump", "-n", "-A", "-i", "lo", "-B", "65536"],
    }


def why_not():
    """Why this cannot be measured here; None if it can."""
    if os.geteuid() != 0:
        return "only root may capture and make network namespaces"
    for program in ("unshare", "ip"):
        if not exists([program]):
            return f"{program} is missing"
    if subprocess.run(["unshare", "--net", "true"], stderr=subprocess.DEVNULL).returncode != 0:
        return "network namespaces are not permitted here"
    return None


def measure(build, folder, rounds, markdown):
    reason = why_not()
    if reason:
        print(f"\nlive: skipped: {reason}")
        return
    path = f"{folder}/small.pcap"
    if not os.path.exists(path):
        subprocess.run([f"{build}/bin/make_capture", "small", path], check=True,
                       stdout=subprocess.DEVNULL)
    rows = []
    for name, command in commands(build).items():
        if exists(command):
            inside = ["unshare", "--net", sys.executable, "-B", __file__, build, path, folder]
            done = subprocess.run([*inside, *command], check=True, stdout=subprocess.PIPE)
            rows.append([name, *row(json.loads(done.stdout))])
    print_table("live, small messages at the sender's maximum",
                ["packets sent", "packets/s", "printed", "dropped", "output behind",
                 "CPU a packet", "memory"], rows, markdown)


def row(seen):
    sent = seen["sent"]
    return [f"{sent:,}", f"{sent / seen['seconds']:,.0f}", f"{seen['lines']:,}",
            f"{seen['dropped']:,}", f"{seen['behind']:.2f} s",
            f"{1e6 * seen['cpu'] / sent:.2f} us", f"{seen['memory']:.1f} MiB"]


# --- what runs inside the namespace ---


def wait_until(condition):
    for _ in range(int(LONGEST / 0.01)):
        if condition():
            return
        time.sleep(0.01)
    sys.exit("live: the program does not get ready or does not end")


def listens():
    """Does a packet socket other than ours wait for packets?"""
    with open("/proc/net/packet") as sockets:
        return len(sockets.readlines()) > 1


def settle(path):
    """When the output was last written to, once no more comes."""
    wait_until(lambda: time.time() - os.stat(path).st_mtime > SETTLED)
    return os.stat(path).st_mtime


def inside(build, path, folder, command):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    out, err = f"{folder}/live.out", f"{folder}/live.err"
    with open(out, "wb") as stdout, open(err, "wb") as stderr:
        program = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr)
    wait_until(lambda: listens() or program.poll() is not None)
    time.sleep(0.2)
    flood = [f"{build}/bin/flood", "lo", path, str(SECONDS)]
    sent, seconds, end = subprocess.run(flood, check=True, stdout=subprocess.PIPE).stdout.split()
    last = settle(out)
    program.send_signal(signal.SIGINT)
    _, status, used = os.wait4(program.pid, 0)
    with open(err) as stderr:
        said = stderr.read()
    dropped = re.search(r"(\d+) (packets )?dropped by (the )?kernel", said)
    if not dropped:
        sys.exit(f"live: {command[0]} ended with status {status} and says:\n{said}")
    with open(out, "rb") as stdout:
        lines = sum(1 for line in stdout if FIRST.match(line))
    print(json.dumps({"sent": int(sent), "seconds": float(seconds), "lines": lines,
                      "dropped": int(dropped[1]), "behind": max(0, last - float(end)),
                      "cpu": used.ru_utime + used.ru_stime, "memory": used.ru_maxrss / 1024}))


if __name__ == "__main__":
    inside(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
