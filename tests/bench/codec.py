"""The codec beside its peers, by codec_bench."""
import json
import statistics
import subprocess
import sys

from table import print_table


def per_item(row):
    """Nanoseconds for a call, or for a message where the benchmark does many."""
    return 1e9 / row["items_per_second"] if "items_per_second" in row else row["cpu_time"]


def nanoseconds(value):
    return f"{value:.1f} ns" if value < 1000 else f"{value / 1000:.1f} us"


def measure(build, pattern, rounds, markdown):
    command = [f"{build}/bin/codec_bench", "--benchmark_format=json", "--benchmark_min_time=0.02",
               f"--benchmark_repetitions={rounds}", "--benchmark_enable_random_interleaving=true"]
    if pattern:
        command.append(f"--benchmark_filter={pattern}")
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    if not output:
        return
    times, names = {}, {}
    for row in json.loads(output)["benchmarks"]:
        if row.get("error_occurred"):
            sys.exit(f"{row['name']}: {row['error_message']}")
        if row.get("run_type") == "iteration":
            times.setdefault(row["run_name"], []).append(per_item(row))
            names[row["run_name"]] = row["family_index"], row["per_family_instance_index"]
    subjects = {}
    for name in sorted(times, key=names.get):
        subject, who, *size = name.split("/")
        subjects.setdefault(subject, {}).setdefault(size[0] if size else "", {})[who] = \
            statistics.median(times[name])
    for subject, rows in subjects.items():
        table = []
        for size, by_who in rows.items():
            ours = by_who.pop("wsproto", None)
            if ours is not None:
                table.append([f"{int(size):,} B" if size else "", nanoseconds(ours),
                              *(f"{nanoseconds(value)} = {value / ours:.2f}x"
                                for value in by_who.values())])
        print_table(subject, ["wsproto", *by_who], table, markdown)
