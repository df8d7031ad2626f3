"""The same log read by the server's own mysqlbinlog: as many rows, of the same tables, in the same order, with the same values
where mysqlbinlog spells them without loss (integers, plain strings, NULL)."""

import contextlib
import json
import os
import random
import re
import subprocess

from lib.sluice import run

SEED = int(os.environ.get("SLUICE_SEED") or random.SystemRandom().randrange(1 << 32))
TRANSACTIONS = 250
HEAD = re.compile(r"### (INSERT INTO|UPDATE|DELETE FROM) `(.*?)`\.`(.*?)`$")
# `###   @2='text' /* VARSTRING(160) meta=160 nullable=1 is_null=0 */`
VALUE = re.compile(r"###   @(\d+)=(.*?)(?: /\* .* \*/)?$")
OPS = {"INSERT INTO": "insert", "UPDATE": "update", "DELETE FROM": "delete"}


def workload(rng):
    ids = {"a": [], "b": []}
    yield "create database shop"
    yield "use shop"
    for name in ids:
        yield (f"create table {name} (id bigint auto_increment primary key, n int, u int unsigned, s varchar(100) character set utf8mb4,"
               " t text character set utf8mb4, m mediumint, k smallint unsigned)")
    yield "set session auto_increment_increment = 1"
    next_id = {"a": 1, "b": 1}
    for _ in range(TRANSACTIONS):
        several = rng.random() < 0.5
        if several:
            yield "begin"
        before = {name: list(known) for name, known in ids.items()}
        for _ in range(rng.randint(1, 6) if several else 1):
            name = rng.choice("ab")
            what = rng.random()
            if what < 0.5 or not ids[name]:
                rows = []
                for _ in range(rng.choice([1, 1, 2, 30])):
                    ids[name].append(next_id[name])
                    rows.append(f"({next_id[name]}, {values(rng)})")
                    next_id[name] += 1
                yield f"insert into {name} values {', '.join(rows)}"
            elif what < 0.8:
                low = rng.choice(ids[name])
                yield f"update {name} set n = {rng.randint(-2**31, 2**31 - 1)}, s = '{word(rng)}' where id between {low} and {low + 5}"
            else:
                gone = rng.choice(ids[name])
                ids[name].remove(gone)
                yield f"delete from {name} where id = {gone}"
        if several and rng.random() < 0.2:
            ids = before
            yield "rollback"
        elif several:
            yield "commit"
        if rng.random() < 0.03:
            yield "flush logs"


def word(rng):
    return "".join(rng.choice("abc XYZ0189-_éß日") for _ in range(rng.randrange(30)))


def values(rng):
    maybe = lambda value: "null" if rng.random() < 0.2 else value  # noqa: E731
    return ", ".join(maybe(str(v)) for v in (
        rng.randint(-2**31, 2**31 - 1), rng.randrange(2**32), f"'{word(rng)}'", f"'{word(rng) * 9}'",
        rng.randint(-2**23, 2**23 - 1), rng.randrange(2**16)))


def spelt_by_mysqlbinlog(text):
    """The changes of `mysqlbinlog -vv`: [operation, database, table, {"before": [...], "after": [...]}]."""
    changes, image = [], None
    for line in text.splitlines():
        head = HEAD.match(line)
        if head:
            changes.append([OPS[head[1]], head[2], head[3], {}])
        elif line == "### WHERE":
            image = changes[-1][3]["before"] = []
        elif line == "### SET":
            image = changes[-1][3]["after"] = []
        elif match := VALUE.match(line):
            image.append(plain(match[2]))
    return changes


def plain(text):
    if text == "NULL":
        return None
    if text.startswith("'"):
        # Bytes beyond ASCII stand as they are; a few escapes.
        return re.sub(r"\\x([0-9a-f]{2})", lambda m: chr(int(m[1], 16)), text[1:-1]).replace("\\'", "'").replace("\\\\", "\\")
    return int(text.split(" ")[0])  # `-1 (4294967295)` where the sign is not known


def spelt_by_us(lines):
    for line in lines:
        change = json.loads(line)
        if change["op"] != "ddl":
            yield [change["op"], change["db"], change["table"],
                   {side: list(change[side].values()) for side in ("before", "after") if side in change}]


def signless(change):
    """With numbers modulo 2^32 and 2^16, because mysqlbinlog does not always know the sign."""
    op, database, table, images = change
    return op, database, table, {
        side: [v if not isinstance(v, int) else v % 2**64 if i == 0 else v % 2**16 if i == 6 else v % 2**24 if i == 5 else v % 2**32
               for i, v in enumerate(row)] for side, row in images.items()}


def test_mysqlbinlog_reads_the_same(start_server, kind):
    rng = random.Random(f"{SEED} {kind}")
    server = start_server(kind, full=True, gtid=rng.random() < 0.5)
    with contextlib.closing(server.connect()) as connection:
        cursor = connection.cursor()
        for statement in workload(rng):
            cursor.execute(statement)
        cursor.execute("flush logs")
    files = server.binlog_files()[:-1]
    theirs = subprocess.run([*server.mysqlbinlog, "-vv", "--base64-output=DECODE-ROWS", *files], capture_output=True, check=True)
    ours = run("decode", *files)
    expected = [signless(c) for c in spelt_by_mysqlbinlog(theirs.stdout.decode("utf-8", "replace"))]
    got = [signless(c) for c in spelt_by_us(ours.stdout.splitlines())]
    assert len(expected) > TRANSACTIONS
    for number, (want, have) in enumerate(zip(expected, got)):
        assert want == have, f"seed {SEED}, {kind}, change {number}:\nmysqlbinlog: {want}\nours:        {have}"
    assert len(expected) == len(got), f"seed {SEED}, {kind}"
