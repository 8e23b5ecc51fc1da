"""hub_idle_test.py BIN HUB: 5,000 connections to lesson 07's hub stay up, each answers a ping, and a
message reaches all of them. Exit status 77: this machine does not allow that many."""
import json
import os
import resource
import subprocess
import sys

BIN, HUB = sys.argv[1:3]
CONNECTIONS = int(os.environ.get("CONNECTIONS", "5000"))
PATIENCE = 240


def main():
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    hub = subprocess.Popen([HUB], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        port = hub.stdout.readline().decode().rpartition(":")[2].strip()
        done = subprocess.run(
            [f"{BIN}/hub_load", "--port", port, "--pid", str(hub.pid), "--mode", "idle",
             "--subscribers", str(CONNECTIONS - 1), "--seconds", "5", "--thread-each"],
            capture_output=True, text=True, timeout=PATIENCE)
    finally:
        hub.terminate()
        _, log = hub.communicate(timeout=PATIENCE)
    if done.returncode == 77:
        print(f"SKIP: {done.stderr.strip()}")
        return 77
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["threads"] > CONNECTIONS, seen
    assert f"active 0, opened {CONNECTIONS}," in log.decode().splitlines()[-1], log[-2000:]
    assert hub.returncode == 0, hub.returncode
    print(f"{CONNECTIONS} connections, {seen['rss_kib_per_connection']} KiB each")
    return 0


sys.exit(main())
