"""Running wsdump, its peers and its limits, and what that took."""
import collections
import os
import shutil
import statistics
import subprocess
import sys

# Seconds of CPU time, seconds on the clock, and peak memory in MiB.
Cost = collections.namedtuple("Cost", "cpu wall memory")

SLOW = 2.0  # seconds: what takes longer is run once


def exists(command):
    return os.access(command[0], os.X_OK) or shutil.which(command[0])


def output_of(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit status {done.returncode}: {done.stderr.decode()}")
    return done.stdout


def cost_of(build, command):
    cpu, wall, kib = output_of([f"{build}/bin/measure", *command]).split()
    return Cost(float(cpu), float(wall), int(kib) / 1024)


def costs_of(build, commands, rounds):
    """Medians over the rounds, in which all commands take turns."""
    costs = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            if not costs[name] or costs[name][0].cpu < SLOW:
                costs[name].append(cost_of(build, command))
    return {name: Cost(*(statistics.median(column) for column in zip(*all_rounds)))
            for name, all_rounds in costs.items()}
