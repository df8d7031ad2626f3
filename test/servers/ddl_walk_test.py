"""A walk of random schema changes on a real server: after each, the catalogue that reads its log has what the server has.

SLUICE_WALK_SEEDS=20 SLUICE_WALK_STEPS=1000 makes it longer.
"""

import contextlib
import os
import random
import re

import pymysql
import pytest

from lib.ddl_walk import Walk
from lib.shapes import Probe, differences, server_shapes

SEEDS = range(1, 1 + int(os.environ.get("SLUICE_WALK_SEEDS", 2)))
STEPS = int(os.environ.get("SLUICE_WALK_STEPS", 200))
MODES = {"": 0, "ANSI_QUOTES": 4, "NO_BACKSLASH_ESCAPES": 1 << 20, "STRICT_ALL_TABLES": 0, "REAL_AS_FLOAT": 1}


def logged(cursor, file, position):
    """The statements that the log holds behind this place, and the place behind them."""
    found = []
    cursor.execute(f"show binlog events in '{file}' from {position}")
    for _, _, event, _, end, info in cursor.fetchall():
        position = end
        statement = re.sub(r"^use [`\"]\w+[`\"]; ", "", info)
        if event == "Query" and statement not in ("BEGIN", "COMMIT"):
            found.append(re.sub(r" /\* xid=\d+ \*/$", "", statement))
    return found, position


@pytest.mark.parametrize("seed", SEEDS)
def test_the_catalogue_has_what_the_server_has(shared, kind, database, seed):
    options = ["--character-set-server=latin1"] + (["--system-versioning-alter-history=KEEP"] if "maria" in kind else [])
    server = shared(kind, options)
    version, explicit = server.sql("select version(), @@explicit_defaults_for_timestamp")[0]
    number = sum(int(part) * 100 ** (2 - i) for i, part in enumerate(re.match(r"(\d+)\.(\d+)\.(\d+)", version).groups()))
    walk = Walk(random.Random(seed), kind, database)
    taken = refused = 0
    with contextlib.closing(Probe(server.kind.flavour, number, "latin1", explicit)) as probe, \
            contextlib.closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(f"create database {database} charset utf8mb4")
        probe.apply(f"create database {database} charset utf8mb4", 0, "")
        cursor.execute(f"use {database}")
        file, position = server.binlog_position()
        shapes = {}
        for step in range(STEPS):
            if step % 10 == 0:
                mode = walk.random.choice(sorted(MODES))
                walk.ansi = mode == "ANSI_QUOTES"
                cursor.execute(f"set sql_mode='{mode}'")
            statement = walk.statement(shapes)
            try:
                cursor.execute(statement)
            except pymysql.err.MySQLError as error:
                assert error.args[0] != 2013, f"seed {seed} step {step}: the server died of {statement}"
                refused += 1
                continue
            taken += 1
            statements, position = logged(cursor, file, position)
            for text in statements:
                why, ours = probe.apply(text, MODES[mode], database)
                assert not why, f"seed {seed} step {step}, not understood: {why}\n{text}"
            shapes = server_shapes(server, [database])
            if statements:
                found = differences(ours, shapes)
                assert not found, f"seed {seed} step {step} sql_mode '{mode}':\n{text}\n" + "\n".join(found)
        cursor.execute(f"drop database {database}")
    assert taken > STEPS / 4, f"only {taken} statements were taken, {refused} refused"
