"""Long campaigns against real servers, each with its counts printed; exit code 1 when one of its promises was broken.

    away         the Kafka cluster is gone for --minutes while changes go on: it costs nothing but lag
    kills        Sluice is killed --kills times under load with each kind of sink, and its targets are
    transaction  one transaction of --gigabytes of log passes, as rows and whole, in bounded memory
    converge     all targets that keep rows, in one pipeline, equal the source after each --round of a random workload with deaths of Sluice and
                 of targets, fail-overs, broken connections and locks; --seed makes a run again as far as threads allow
"""

import argparse
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "bench")]
from kafka_server import Kafka  # noqa: E402
from converge import TARGETS, converge  # noqa: E402
from server import Server  # noqa: E402
from timing import Peak, cpu_seconds  # noqa: E402

PATIENCE = 1800  # seconds
CONFIGURATION = """
name: soak
state: ./state
source: {{url: "{url}", start: earliest{more}}}
tables: ["soak.*"]
ddl: false
sinks:
  out: {sink}
"""


@contextlib.contextmanager
def sluice(folder, server, sink, more=""):
    """A running pipeline, whose words go to `words` in the folder."""
    folder.mkdir(exist_ok=True)
    (folder / "sluice.yaml").write_text(CONFIGURATION.format(url=server.url, sink=sink, more=more))
    with open(folder / "words", "wb") as words:
        process = subprocess.Popen([ROOT / "build/sluice", "run", "sluice.yaml"], cwd=folder, stdin=subprocess.DEVNULL, stdout=words,
                                   stderr=words)
    peak = Peak(process.pid)
    try:
        yield process
    finally:
        if process.poll() is None:
            print(f"sluice: {peak.kb / 1024:.0f} MB resident at most, {cpu_seconds(process.pid):.1f} s of processor time", flush=True)
        process.terminate()
        process.wait()
        peak.join()
    assert peak.kb < 100 << 10, "more than 100 MB resident"


def until(process, folder, done):
    begin = time.monotonic()
    while not done():
        if process.poll() is not None or time.monotonic() > begin + PATIENCE:
            raise RuntimeError((folder / "words").read_text()[-3000:])
        time.sleep(0.1)
    return time.monotonic() - begin


class Writer(threading.Thread):
    """Inserts a row each 20 ms until it is told to end."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.ending, self.written = server, threading.Event(), 0
        self.start()

    def run(self):
        with contextlib.closing(self.server.connect(autocommit=True)) as connection, connection.cursor() as cursor:
            while not self.ending.wait(0.02):
                cursor.execute(f"insert into soak.t values ({self.written}, 'row {self.written}')")
                self.written += 1

    def end(self):
        self.ending.set()
        self.join()
        return self.written


def read_ids(brokers, topic):
    """Of all messages there are, in their order."""
    done = subprocess.run(["kcat", "-q", "-C", "-e", "-b", brokers, "-t", topic, "-X", "isolation.level=read_committed"], capture_output=True,
                          check=True)
    return [json.loads(line)["after"]["id"] for line in done.stdout.splitlines()]


def away(options, folder):
    with Server(options.server, full=True) as server, Kafka() as kafka:
        server.sql("create database soak; create table soak.t (id int primary key, name varchar(60))")
        sink = f'{{sink: kafka, brokers: {kafka.brokers}, topic: soak, key: "{{key}}"}}'
        with sluice(folder / "away", server, sink) as process:
            writer = Writer(server)
            time.sleep(5)
            kafka.kill9()
            before, cpu = writer.written, cpu_seconds(process.pid)
            for minute in range(round(options.minutes)):
                time.sleep(60)
                print(f"away for {minute + 1} minutes, {writer.written - before} changes waiting", flush=True)
                assert process.poll() is None, (folder / "away/words").read_text()
            print(f"meanwhile {cpu_seconds(process.pid) - cpu:.1f} s of processor time", flush=True)
            kafka.start()
            time.sleep(1)
            written = writer.end()
            seconds = until(process, folder / "away", lambda: len(set(read_ids(kafka.brokers, "soak"))) >= written)
        found = read_ids(kafka.brokers, "soak")
        repeats = len(found) - len(set(found))
        print(f"{written} changes written, {len(set(found))} found, {repeats} repeated, all there {seconds:.1f} s after the last", flush=True)
        assert sorted(set(found)) == list(range(written)) and list(dict.fromkeys(found)) == list(range(written))


# One transaction: each pass logs every row before and after, a text of 100 KB in both, and changes four bytes.
ROWS, TEXT = 5000, 100_000


def transaction(options, folder):
    passes = max(1, round(options.gigabytes * 1e9 / (2 * TEXT * ROWS)))
    big = ["--max-allowed-packet=64M", "--innodb-buffer-pool-size=256M", "--innodb-log-file-size=256M"]
    with Server(options.server, big, full=True) as server:
        server.sql("create database soak; create table soak.t (id int primary key, n int, pad longtext)")
        with contextlib.closing(server.connect(autocommit=True)) as connection, connection.cursor() as cursor:
            for row in range(ROWS):
                cursor.execute(f"insert into soak.t values ({row}, 0, repeat('{row % 10}', {TEXT}))")
        before = sum(file.stat().st_size for file in server.binlog_files())
        begin = time.monotonic()
        with contextlib.closing(server.connect(autocommit=False)) as connection, connection.cursor() as cursor:
            for _ in range(passes):
                cursor.execute("update soak.t set n = n + 1")
            connection.commit()
        size = sum(file.stat().st_size for file in server.binlog_files()) - before
        print(f"a transaction of {size / 1e9:.1f} GB of log, {passes * ROWS} updates, written in {time.monotonic() - begin:.0f} s", flush=True)
        for name, more in (("rows", ""), ("whole", ", transactions: whole")):
            lines = folder / name / "lines"
            with sluice(folder / name, server, "{sink: file, path: lines, format: json, layout: changed}", more) as process:
                seconds = until(process, folder / name, lambda: count(lines) >= ROWS + passes * ROWS)
            print(f"{name}: {seconds:.0f} s, {size / 1e6 / seconds:.0f} MB/s", flush=True)
            with open(lines) as found:
                values = [json.loads(line)["after"]["n"] for line in found]
            assert values == [0] * ROWS + [n for n in range(1, passes + 1) for _ in range(ROWS)], "a change is missing"
            lines.unlink()



# Those of the tests that a longer run makes harder.
KILLED = ["kill_test.py", "files_test.py::test_killed_under_load_every_file_has_every_change_once", "kafka_kill_test.py",
          "redis_test.py::test_deaths_under_load_lose_nothing", "http_test.py::test_deaths_under_load_lose_nothing"]


def kills(options, _):
    tests = [str(ROOT / "test/servers" / name) for name in KILLED]
    subprocess.run([sys.executable, "-m", "pytest", "-q", "-s", *tests], env={**os.environ, "SLUICE_KILLS": str(options.kills)}, check=True)


def count(path):
    if not path.exists():
        return 0
    with open(path, "rb") as lines:
        return sum(1 for _ in lines)


def main():
    parser = argparse.ArgumentParser(prog="./do soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("campaign", choices=["away", "kills", "transaction", "converge"])
    parser.add_argument("--server", default="mariadb-10.11")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--gigabytes", type=float, default=10)
    parser.add_argument("--seed", type=int, help="of converge; default: a new one")
    parser.add_argument("--round", type=float, default=20, help="of converge: seconds of workload before each comparison")
    parser.add_argument("--targets", help=f"of converge, with commas; default: {','.join(TARGETS)}")
    parser.add_argument("--folder", help="where to keep what is written (some three times the gigabytes); default: /tmp")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is ended
    with tempfile.TemporaryDirectory(prefix="sluice-soak-", dir=options.folder) as folder:
        {"away": away, "kills": kills, "transaction": transaction, "converge": converge}[options.campaign](options, pathlib.Path(folder))
    print("every promise held", flush=True)


if __name__ == "__main__":
    main()
