"""Killed at any moment, nothing is lost: SIGKILL again and again while a server is written to, then every change is in the
file, in order, once. SLUICE_KILLS=1000 is the long form; SLUICE_SEED repeats a run's moments."""

import json
import os
import random
import subprocess
import threading
import time

import pytest

from lib.sluice import BINARY, WAIT_SECONDS

KILLS = int(os.environ.get("SLUICE_KILLS", "30"))
SEED = int(os.environ.get("SLUICE_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 31)

CONFIGURATION = """
name: kills
state: ./state
source:
  url: {url}
  start: earliest
tables: ["{database}.*"]
sinks:
  out:
    sink: file
    path: ./out.jsonl
    format: json
    with: [tx]
"""


class Writer(threading.Thread):
    """Commits transactions of one to forty changes until it is told to stop; remembers what each change was."""

    def __init__(self, server, database, seed):
        super().__init__()
        self.server = server
        self.database = database
        self.random = random.Random(seed)
        self.changes = []
        self.enough = threading.Event()
        self.failure = None

    def run(self):
        try:
            connection = self.server.connect(autocommit=False, database=self.database)
            with connection, connection.cursor() as cursor:
                while not self.enough.is_set():
                    self.transaction(cursor)
                    # Some are taken back: they must never be seen.
                    if self.random.random() < 0.1:
                        self.take_back(cursor)
        except Exception as failure:  # reported by the test
            self.failure = failure

    def transaction(self, cursor):
        made = []
        for _ in range(self.random.choice([1, 1, 2, 5, 40])):
            number = len(self.changes) + len(made) + 1
            cursor.execute(f"insert into t values ({number}, repeat('x', {self.random.randrange(200)}))")
            made.append(("insert", number))
            if self.random.random() < 0.3:
                cursor.execute(f"update t set id = -{number}, note = 'moved' where id = {number}")
                made.append(("update", -number))
        cursor.execute("commit")
        self.changes += made

    def take_back(self, cursor):
        cursor.execute("insert into t values (2000000000, 'rolled back')")
        cursor.execute("rollback")


def start(folder):
    return subprocess.Popen([BINARY, "run", "sluice.yaml"], cwd=folder, stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def seen(path):
    """The changes in the file; a line that is cut short can only be the last."""
    changes, ids = [], []
    with open(path, "rb") as lines:
        for line in lines:
            change = json.loads(line)
            if change["op"] != "ddl":
                changes.append((change["op"], change["after"]["id"]))
                ids.append(change["id"])
    return changes, ids


@pytest.mark.parametrize("kind, options", [("mariadb-10.11", {}), ("mysql-9.7", {"gtid": True})])
def test_a_pipeline_that_is_killed_loses_and_repeats_nothing(start_server, database, tmp_path, kind, options):
    print(f"seed {SEED}")
    dice = random.Random(SEED)
    server = start_server(kind, ["--binlog-row-metadata=MINIMAL" if kind.startswith("mysql") else "--binlog-row-metadata=NO_LOG"],
                          **options)
    server.sql(f"create database {database}; create table {database}.t (id int primary key, note varchar(200))")
    (tmp_path / "sluice.yaml").write_text(CONFIGURATION.format(url=server.url, database=database))
    writer = Writer(server, database, SEED)
    writer.start()
    try:
        for _ in range(KILLS):
            process = start(tmp_path)
            time.sleep(dice.choice([dice.uniform(0, 0.05), dice.uniform(0.05, 0.4)]))
            process.kill()
            errors = process.stderr.read().decode()
            assert process.wait() == -9, f"it ended by itself, seed {SEED}:\n{errors}"
    finally:
        writer.enough.set()
        writer.join()
    assert writer.failure is None, writer.failure
    last = start(tmp_path)
    end = time.monotonic() + WAIT_SECONDS
    while len(seen_safely(tmp_path / "out.jsonl")) < len(writer.changes) and time.monotonic() < end:
        time.sleep(0.1)
    last.terminate()
    errors = last.stderr.read().decode()
    assert last.wait() == 0, errors
    changes, ids = seen(tmp_path / "out.jsonl")
    assert changes == writer.changes, f"seed {SEED}: {len(changes)} changes instead of {len(writer.changes)}\n{errors}"
    assert len(set(ids)) == len(ids), f"seed {SEED}: an id stands for two changes"
    print(f"{KILLS} kills, {len(changes)} changes, none lost, none twice")


def seen_safely(path):
    try:
        return seen(path)[0]
    except (FileNotFoundError, json.JSONDecodeError):
        return []
