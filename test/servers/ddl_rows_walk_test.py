"""A walk of random schema changes with rows between them, in logs that name no columns: every row comes under the names that
the table had then, with restarts of Sluice in between, read again from the start, and from the files.

SLUICE_WALK_SEEDS=20 SLUICE_WALK_STEPS=1000 makes it longer.
"""

import contextlib
import json
import os
import random
import sqlite3
import textwrap
import time

import pymysql
import pytest

from lib.ddl_walk import Walk
from lib.shapes import differences, server_shapes
from lib.shown import shown_shapes
from lib.sluice import WAIT_SECONDS, Sluice, run

SEEDS = range(101, 101 + int(os.environ.get("SLUICE_WALK_SEEDS", 1)))
STEPS = int(os.environ.get("SLUICE_WALK_STEPS", 120))
RESTARTS = 4


def hidden(name):
    return name in ("row_start", "row_end") or name.startswith("DB_ROW_HASH_")


def named(lines):
    """(table, its columns but for those that the server hides) of each change."""
    return [(change["table"], [name for name in change["after"] if not hidden(name)]) for change in map(json.loads, lines)]


def columns(shapes, database, table):
    return [column["name"] for column in shapes[database, table]["columns"]]


class Pipeline:
    def __init__(self, folder, server, database):
        self.folder, self.server = folder, server
        (folder / "sluice.yaml").write_text(textwrap.dedent(f"""
            state: ./state
            source: {{url: "{server.url}"}}
            tables: ["{database}.*"]
            ddl: false
            helper_tables: true
            sinks: {{out: {{sink: file, path: ./out.jsonl}}}}
            """))

    def position(self):
        path = self.folder / "state" / "state.db"
        if not path.exists():
            return None
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as state:
            with contextlib.suppress(sqlite3.OperationalError):
                return state.execute("select file, offset from positions where lane = ''").fetchone()

    def read_on(self):
        """Starts it, and stops it when it has delivered everything."""
        end = self.server.binlog_position()
        with Sluice("run", self.folder / "sluice.yaml") as process:
            patience = time.monotonic() + WAIT_SECONDS
            while self.position() != end:
                assert time.monotonic() < patience and process.process.poll() is None, process.stderr
                time.sleep(0.02)
            assert process.terminate() == 0, process.stderr
            assert "not understood" not in process.stderr, process.stderr

    def lines(self):
        path = self.folder / "out.jsonl"
        return path.read_text().splitlines() if path.exists() else []


@pytest.mark.parametrize("seed", SEEDS)
def test_rows_come_under_the_names_of_their_time(start_server, tmp_path, kind, database, seed):
    options = ["--character-set-server=latin1"] + (["--system-versioning-alter-history=KEEP"] if "maria" in kind else [])
    server = start_server(kind, options)
    walk = Walk(random.Random(seed), kind, database)
    pipeline = Pipeline(tmp_path, server, database)
    expected = []
    with contextlib.closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("set sql_mode=''")
        cursor.execute(f"create database {database} charset utf8mb4")
        cursor.execute(f"use {database}")
        pipeline.read_on()
        shapes = {}
        for step in range(STEPS):
            statement = walk.statement(shapes)
            before = set(shapes)
            with contextlib.suppress(pymysql.err.MySQLError):
                cursor.execute(statement)
            shapes = server_shapes(server, [database])
            for _, table in set(shapes) - before if ") select * from " in statement else ():
                cursor.execute(f"select count(*) from `{table.replace('`', '``')}`")
                expected += [(table, columns(shapes, database, table))] * cursor.fetchone()[0]
            for _, table in walk.random.sample(sorted(shapes), min(2, len(shapes))):
                with contextlib.suppress(pymysql.err.MySQLError):
                    cursor.execute(f"insert into `{table.replace('`', '``')}` () values ()")
                    expected.append((table, columns(shapes, database, table)))
            if step % (STEPS // RESTARTS) == STEPS // RESTARTS - 1:
                pipeline.read_on()
                assert named(pipeline.lines()) == expected, f"seed {seed} step {step}"
    assert len(expected) > STEPS / 4, f"seed {seed}: only {len(expected)} rows"
    shown = run("schema", tmp_path / "state", f"{database}.*").stdout
    found = differences(shown_shapes(shown, [database]), server_shapes(server, [database]))
    assert not found, f"seed {seed}:\n" + "\n".join(found) + "\n" + shown
    again = run("tail", server.url, "--tables", f"{database}.*", "--from", "start", "--until", "now", "--no-ddl",
                "--helper-tables").stdout.splitlines()
    assert named(again) == expected, f"seed {seed}, from the start"
    files = run("decode", *server.binlog_files(), "--tables", f"{database}.*", "--no-ddl", "--helper-tables")
    assert named(files.stdout.splitlines()) == expected, f"seed {seed}, from the files"
