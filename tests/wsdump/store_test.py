#!/usr/bin/env python3
"""store_test.py WSDUMP STORE.md CAPTURES [--update]: everything in STORE.md, against a PostgreSQL
server of its own (a socket in a temporary folder, no network).

Exit status 77: something that is needed is missing. --update writes the queries' output into the
page."""
import base64
import glob
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

WSDUMP, PAGE, CAPTURES = (pathlib.Path(path).resolve() for path in sys.argv[1:4])
UPDATE = "--update" in sys.argv
SHOWN = ["closing", "deflate", "fragments", "refused", "subprotocol"]  # in the page's queries
BLOCK = re.compile(r"```(\w*)\n(.*?)```", re.S)


def programs():
    """The folder of initdb and postgres; ends the test where they are missing."""
    folders = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda path: int(
        path.split("/")[4]) if path.split("/")[4].isdigit() else 0)
    if folders and shutil.which("psql"):
        return pathlib.Path(folders[-1]).parent
    print("SKIPPED: postgresql is missing")
    sys.exit(1 if os.environ.get("CI") else 77)


class Server:
    """A cluster that vanishes with its folder; PostgreSQL refuses to be run by root."""

    def __init__(self, folder):
        self.folder = folder
        self.bin = programs()
        self.user = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"] \
            if os.geteuid() == 0 else []
        if self.user:
            shutil.chown(folder, "nobody", "nogroup")
            folder.chmod(0o755)
        self.run("initdb", "-D", folder / "data", "-A", "trust", "-U", "postgres", "-E", "UTF8",
                 "--locale=C", "--no-sync")
        self.control("start", "-w", "-o", f"-c listen_addresses='' -c fsync=off "
                     f"-c unix_socket_directories={folder}")

    def run(self, program, *arguments):
        subprocess.run([*self.user, self.bin / program, *arguments], check=True, cwd=self.folder,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=60)

    def control(self, what, *arguments):
        self.run("pg_ctl", what, "-D", self.folder / "data", "-l", self.folder / "log", *arguments)

    def stop(self):
        self.control("stop", "-m", "immediate")


def page_files(folder):
    """Each block of the page that begins with its name, as a file; `wsdump` and `hostname` are
    found first in that folder."""
    for _, text in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        name = re.match(r"(?:#!/bin/sh\n)?(?:--|#) ([a-z.-]+)[:\s]", text)
        if name:
            (folder / name[1]).write_text(text, encoding="utf-8")
            (folder / name[1]).chmod(0o755)
    (folder / "wsdump").symlink_to(WSDUMP)
    (folder / "hostname").write_text("#!/bin/sh\necho edge-1\n")
    (folder / "hostname").chmod(0o755)


def page_queries():
    """(query, output) in the page's order."""
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    return [(text, blocks[i + 1][1]) for i, (kind, text) in enumerate(blocks)
            if kind == "sql" and text.startswith("select")]


def psql(*arguments, user="postgres", text=None, check=True):
    return subprocess.run(["psql", "-X", "-q", "-U", user, "-v", "ON_ERROR_STOP=1", *arguments],
                          input=text, capture_output=True, encoding="utf-8", check=check)


def rows(query):
    """The rows of a query, as JSON has them. In hexadecimal, since psql prints no U+10FFFF."""
    aggregate = "coalesce(json_agg(q), '[]')::text"
    printed = psql("-At", text=f"select encode(convert_to({aggregate}, 'UTF8'), 'hex')"
                               f" from ({query}) as q").stdout
    return json.loads(bytes.fromhex(printed.replace("\n", "")))


def load(lines, run, batch=0, check=True):
    """load.sql with these lines, as a host does it."""
    return psql("-v", "host=edge-1", "-v", f"run={run}", "-v", f"batch={batch}", "-f",
                str(folder / "load.sql"), user="ws_writer", text=lines, check=check)


def shell(script, *arguments, **environment):
    return subprocess.run(["/bin/sh", folder / script, *arguments], cwd=folder, check=False,
                          env={**os.environ, "PGUSER": "ws_writer", **environment},
                          capture_output=True, encoding="utf-8", timeout=60)


def records(capture):
    return subprocess.run([WSDUMP, "-q", "--json", "--frames", "-r", CAPTURES / capture],
                          check=True, capture_output=True, encoding="utf-8").stdout


def wait_until(condition):
    for _ in range(400):
        if condition():
            return
        time.sleep(0.05)
    raise TimeoutError("it did not come to that within 20 s")


def without_nul(value):
    """What the store makes of a record."""
    return json.loads(json.dumps(value).replace("\\\\", "\0").replace("\\u0000", "\\ufffd")
                      .replace("\0", "\\\\"))


def lines_of(text):
    return text.split("\n")[:-1]


class Store(unittest.TestCase):
    maxDiff = None

    def load_capture(self, file):
        (folder / "dump.pcapng").unlink(missing_ok=True)
        (folder / "dump.pcapng").symlink_to(CAPTURES / file)
        script = (folder / "one-capture").read_text().replace("run=dump.pcapng", f"run={file}")
        (folder / "load-one").write_text(script)
        done = shell("load-one")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_1_queries_answer_what_the_page_shows(self):
        for capture in SHOWN:
            self.load_capture(capture + ".pcapng")
        text = PAGE.read_text(encoding="utf-8")
        self.assertGreaterEqual(len(page_queries()), 5)
        for query, output in page_queries():
            answer = psql("-P", "footer=off", text=query).stdout
            answer = re.sub(r" +$", "", answer, flags=re.M).rstrip("\n") + "\n"
            if UPDATE:
                between = f"{query}```\n\n```\n"
                text = text.replace(f"{between}{output}```", f"{between}{answer}```")
            else:
                self.assertEqual(answer, output, query)
        if UPDATE:
            PAGE.write_text(text, encoding="utf-8")

    def test_2_store_has_what_the_applications_say(self):
        for capture in SHOWN:
            log = [json.loads(line) for line in
                   lines_of((CAPTURES / f"{capture}.client.jsonl").read_text())]
            for client in {entry["client"] for entry in log if "client" in entry}:
                for way, sender in (("sent", "client"), ("received", "server")):
                    said = [entry.get("text", entry.get("base64")) for entry in log
                            if entry.get("client") == client and entry.get("dir") == way
                            and entry["type"] in ("text", "binary")]
                    stored = rows(f"""select data from ws_message join ws_connection
                                      using (host, run, conn) where run = '{capture}.pcapng'
                                      and client = '{client}' and sender = '{sender}'
                                      and complete and type in ('text', 'binary')
                                      order by message""")
                    self.assertEqual([row["data"] for row in stored], without_nul(said),
                                     (capture, client, way))
    def test_2_queries_count_what_the_applications_say(self):
        query = next(text for text, _ in page_queries() if "saved_percent" in text)
        counted = {(row["run"], row["sender"]): (row["messages"], row["bytes"])
                   for row in rows(re.sub(r"\nlimit 5;", "", query))}
        for capture in ("deflate", "fragments", "subprotocol"):
            log = [json.loads(line) for line in
                   lines_of((CAPTURES / f"{capture}.client.jsonl").read_text())]
            for way, sender in (("sent", "client"), ("received", "server")):
                sizes = [len(entry["text"].encode()) if "text" in entry else
                         len(base64.b64decode(entry["base64"])) for entry in log
                         if entry.get("dir") == way and entry["type"] in ("text", "binary")]
                self.assertEqual(counted[capture + ".pcapng", sender], (len(sizes), sum(sizes)))

    def test_2_queries_measure_what_the_records_say(self):
        silences, times = [], []
        for capture in SHOWN:
            last = {}
            for record in map(json.loads, lines_of(records(capture + ".pcapng"))):
                if record["record"] == "message":
                    if record["conn"] in last:
                        silences.append(record["time"] - last[record["conn"]])
                    last[record["conn"]] = record["time"]
                    times.append(record.get("rtt"))
        longest = next(text for text, _ in page_queries() if "silence" in text)
        measured = rows("select extract(epoch from silence)::float8 as s"
                        f" from ({longest.rstrip()[:-1]}) as q")
        for row, silence in zip(measured, sorted(silences, reverse=True)):
            self.assertAlmostEqual(row["s"], silence, delta=2e-6)
        pings = next(text for text, _ in page_queries() if "percentile" in text)
        answered = rows(pings.rstrip()[:-1])
        self.assertEqual(sum(row["pongs"] for row in answered),
                         len([rtt for rtt in times if rtt is not None]))
        self.assertAlmostEqual(max(row["p99"] for row in answered),
                               1000 * max(rtt for rtt in times if rtt is not None), delta=0.3)

    def test_2_queries_find_what_is_wrong(self):
        violated = rows("select body->>'rule' as rule from ws_record where record = 'violation'"
                        " order by rule")
        self.assertEqual([row["rule"] for row in violated], ["handshake-version", "truncated"])

    def test_3_every_line_arrives_unchanged(self):
        lines = records("nginx.pcapng")
        self.assertIn("\\u0000", lines)
        load(lines, "nginx")
        stored = rows("select body, original from ws_record where run = 'nginx' order by line")
        expected = lines_of(lines)
        self.assertEqual(len(stored), len(expected))
        for row, line in zip(stored, expected):
            self.assertEqual(row["body"], without_nul(json.loads(line)))
            self.assertEqual(row["original"], line if "\\u0000" in line else None)

    def test_3_odd_lines_arrive_unchanged(self):
        data = [r"\\u0000", r"\u0000", r"\\\u0000", r"\\\\u0000", r"\u0000\u0000x\u0000",
                r"\\\u0000\\\u0000", r"\\.", r"\t\"',\\N", "\u2028 \u2603 \U0001f600 é \x7f"]
        head = '{"record":"gap","time":1700000000.000000001,"conn":1,"data":"'
        lines = "".join(f'{head}{text}"}}\n' for text in data)
        lines += '{"record":"frame","time":1,"conn":1,"length":18446744073709551615}\n'
        load(lines, "odd")
        stored = rows("select body, original from ws_record where run = 'odd' order by line")
        self.assertEqual([row["body"] for row in stored],
                         [without_nul(json.loads(line)) for line in lines_of(lines)])
        originals = [row["original"] for row in stored]
        self.assertEqual([json.loads(line)["data"] for line in originals if line],
                         [json.loads(f'"{text}"') for text in data
                          if "\0" in json.loads(f'"{text}"')])

    def test_3_lengths_have_64_bits(self):
        load('{"record":"message","time":1,"conn":1,"wire_length":18446744073709551615}\n', "long")
        self.assertEqual(rows("select wire_length from ws_message where run = 'long'"),
                         [{"wire_length": 2**64 - 1}])

    def test_4_loading_again_adds_nothing(self):
        lines = records("echo.pcapng")
        load(lines, "twice")
        before = rows("select * from ws_record where run = 'twice'")
        load(lines, "twice")
        self.assertEqual(rows("select * from ws_record where run = 'twice'"), before)

    def test_4_hosts_and_runs_are_kept_apart(self):
        before = rows("select count(*) as n from ws_connection")[0]["n"]
        for host in ("edge-2", "edge-3"):
            psql("-v", f"host={host}", "-v", "run=echo", "-v", "batch=0", "-f",
                 str(folder / "load.sql"), user="ws_writer", text=records("echo.pcapng"))
        self.assertEqual(rows("select count(*) as n from ws_connection")[0]["n"], before + 4)

    def test_4_hosts_cannot_read(self):
        refused = psql("-c", "select * from ws_record", user="ws_writer", check=False)
        self.assertIn("permission denied", refused.stderr)

    def test_5_a_lost_connection_stores_nothing_or_everything(self):
        lines = records("ipv6.pcapng")
        with subprocess.Popen(
                ["psql", "-X", "-q", "-U", "ws_writer", "-v", "host=edge-1", "-v", "run=lost", "-v",
                 "batch=0", "-f", folder / "load.sql"], stdin=subprocess.PIPE,
                stderr=subprocess.PIPE, encoding="utf-8") as client:
            client.stdin.write(lines)
            client.stdin.flush()
            wait_until(lambda: rows("select pg_terminate_backend(pid) as ended"
                                    " from pg_stat_activity where usename = 'ws_writer'"
                                    " and query ilike 'copy%'") == [{"ended": True}])
            client.stdin.close()
            self.assertIn("terminat", client.stderr.read())
        self.assertNotEqual(client.returncode, 0)
        self.assertEqual(rows("select * from ws_record where run = 'lost'"), [])
        load(lines, "lost")
        self.assertEqual(len(rows("select * from ws_record where run = 'lost'")),
                         len(lines_of(lines)))

    def test_5_a_line_that_is_no_record_stores_nothing(self):
        refused = load(records("ipv6.pcapng") + '{"record":"open"\n', "cut", check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("json", refused.stderr)
        self.assertEqual(rows("select * from ws_record where run = 'cut'"), [])

    def test_6_the_spool_arrives_in_order_and_only_then_goes(self):
        spool = folder / "spool"
        spool.mkdir()
        (spool / "20200101T000000Z.00000007.part").write_text(
            '{"record":"gap","time":1700000000.5,"conn":1}\n{"record":"gap","ti')
        done = shell("ws-spool", spool, "--frames", "-r", str(CAPTURES / "many.pcapng"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        files = sorted(path.name for path in spool.iterdir())
        self.assertEqual(files[0], "20200101T000000Z.00000007.json")
        self.assertEqual([name[-14:] for name in files[1:]],
                         [f".0000000{n}.json" for n in range(3)])

        away = shell("ws-load", spool, PGHOST="/nowhere")
        self.assertNotEqual(away.returncode, 0)
        self.assertEqual(sorted(path.name for path in spool.iterdir()), files)

        done = shell("ws-load", spool)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(list(spool.iterdir()), [])
        run = files[1].split(".")[0]
        stored = rows(f"select body from ws_record where run = '{run}' order by batch, line")
        self.assertEqual([row["body"] for row in stored],
                         [without_nul(json.loads(line))
                          for line in lines_of(records("many.pcapng"))])
        self.assertEqual(rows("select host, batch, line from ws_record"
                              " where run = '20200101T000000Z'"),
                         [{"host": "edge-1", "batch": 7, "line": 1}])

    def test_6_the_spool_has_all_when_wsdump_is_stopped(self):
        spool = folder / "stopped"
        spool.mkdir()
        capture = (CAPTURES / "ipv6.pcapng").read_bytes()
        with subprocess.Popen(["/bin/sh", folder / "ws-spool", spool, "-r", "-"],
                              stdin=subprocess.PIPE) as service:
            service.stdin.write(capture)
            service.stdin.flush()
            wait_until(lambda: any(path.stat().st_size > 5000 for path in spool.iterdir()))
            self.assertEqual([path.suffix for path in spool.iterdir()], [".part"])
            children = pathlib.Path(f"/proc/{service.pid}/task/{service.pid}/children")
            for pid in map(int, children.read_text().split()):
                if pathlib.Path(f"/proc/{pid}/comm").read_text().strip() == "wsdump":
                    os.kill(pid, signal.SIGTERM)
            service.wait(20)
        stored = [json.loads(line) for path in spool.iterdir() for line in
                  lines_of(path.read_text(encoding="utf-8"))]
        self.assertEqual([path.suffix for path in spool.iterdir()], [".json"])
        self.assertEqual(stored, [record for record in
                                  map(json.loads, lines_of(records("ipv6.pcapng")))
                                  if record["record"] != "frame"])

    def test_7_days_come_and_go(self):
        psql("-c", "create table ws_record_20200101 partition of ws_record"
                   " for values from ('2020-01-01 00:00Z') to ('2020-01-02 00:00Z')")
        load('{"record":"gap","time":1577880000,"conn":1}\n'
             '{"record":"gap","time":1577980000,"conn":1}\n', "old")
        self.assertEqual(len(rows("select * from ws_record_20200101")), 1)
        now = int(time.time()) - 86400
        psql("-f", str(folder / "days.sql"))
        load(f'{{"record":"gap","time":{now},"conn":1}}\n'
             f'{{"record":"gap","time":{now + 2 * 86400},"conn":1}}\n', "new")
        again = psql("-f", str(folder / "days.sql"))
        self.assertNotIn("ERROR", again.stderr)
        self.assertEqual(rows("select * from ws_record where run = 'old'"), [])
        self.assertEqual(len(rows("select * from ws_record where run = 'new'")), 2)
        days = [row["day"] for row in rows(
            "select inhrelid::regclass::text as day from pg_inherits where inhparent ="
            " 'ws_record'::regclass order by day")]
        self.assertEqual(len(days), 9)
        self.assertNotIn("ws_record_20200101", days)
        self.assertEqual(rows("select count(*) as n from ws_record_other where run = 'new'"
                              f" and time > to_timestamp({now + 86400})"), [{"n": 0}])

    def test_8_a_day_needs_its_partition_before_its_records(self):
        load('{"record":"gap","time":2000000000,"conn":1}\n', "early")
        refused = psql("-c", "create table ws_record_20330518 partition of ws_record"
                             " for values from ('2033-05-18 00:00Z') to ('2033-05-19 00:00Z')",
                       check=False)
        self.assertIn("would be violated", refused.stderr)


def main():
    global folder
    with tempfile.TemporaryDirectory(prefix="wskit-store-", dir="/tmp") as name:
        folder = pathlib.Path(name)
        server = Server(folder)
        try:
            page_files(folder)
            os.environ.update(PGHOST=name, PGDATABASE="postgres", PGUSER="postgres", PGTZ="UTC",
                              PGCLIENTENCODING="UTF8", PATH=f"{name}:{os.environ['PATH']}")
            psql("-f", str(folder / "tables.sql"))
            result = unittest.main(argv=["store_test"], exit=False).result
        finally:
            server.stop()
    sys.exit(not result.wasSuccessful())


main()
