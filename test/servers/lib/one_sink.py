"""What the tests of a sink have in common: a pipeline from one database to it, rows that are written while it and its target die, and
what must hold of the messages that came."""

import random
import time

from lib.sluice import until

STEP = 25  # rows of an INSERT


def pipeline(folder, server, database, *sink, ddl=False, memory="4KiB"):
    """The configuration of a pipeline that reads a database from the log's beginning. sink: the lines of its only one; memory: of a
    batch, None: what is usual."""
    path = folder / "sluice.yaml"
    path.write_text("\n".join([
        "name: test", "state: ./state", "source:", f"  url: {server.url}", "  start: earliest", f'tables: ["{database}.*"]',
        *([] if ddl else ["ddl: false"]), *([f"memory: {{batch_bytes: {memory}}}"] if memory else []),
        "sinks:", "  out:", *(f"    {line}" for line in sink)]) + "\n")
    return path


def fill(server, database, count, first=0):
    """Rows of t, whose ids go on from `first`."""
    server.sql(f"insert into {database}.t values " + ",".join(f"({i}, 'name {i}')" for i in range(first, first + count)))


def fill_through_deaths(server, database, sluice, path, turns, inserts=20, target=None, target_turns=()):
    """Fills t while the program dies at the end of each turn, or in `target_turns` the target; returns how many rows there are. It
    runs in the end."""
    seed = random.SystemRandom().randrange(1 << 31)
    print(f"seed {seed}")
    chance = random.Random(seed)
    process = sluice("run", path)
    for turn in range(turns):
        for insert in range(inserts):
            fill(server, database, STEP, (turn * inserts + insert) * STEP)
        time.sleep(chance.uniform(0, 0.1))
        if turn in target_turns:
            target.kill9()
            target.start()
        else:
            process.kill9()
            process = sluice("run", path)
    return turns * inserts * STEP


def in_order(rows, count):
    """Nothing is missing, and nothing came before what precedes it."""
    newest = -1
    for at in rows:
        assert at <= newest + 1, f"{at} came behind {newest}"
        newest = max(newest, at)
    assert newest == count - 1


def once_or_again(rows, ids, count):
    """In order, and what came again has the id that it had; returns how many did."""
    in_order(rows, count)
    known = {}
    for row, id in zip(rows, ids, strict=True):
        assert known.setdefault(row, id) == id, f"the change of row {row} has two ids"
    assert len(set(known.values())) == count, "two changes have one id"
    print(f"{count} changes, {len(rows) - count} repeats")
    return len(rows) - count


def change_tables(server, database, dice, step, truncates):
    """Some rows of t or u, or the table itself."""
    table, first, what = f"{database}.{dice.choice('tu')}", dice.randrange(400), dice.random()
    if what < 0.6:
        values = ",".join(f"({i}, 'step {step}', {dice.randrange(100)})" for i in range(first, first + dice.randrange(1, 80)))
        server.sql(f"replace into {table} (id, name, n) values {values}")
    elif what < 0.75:
        server.sql(f"delete from {table} where id between {first} and {first + 40}")
    elif what < 0.9:
        server.sql(f"update {table} set id = id + 1000, name = 'moved' where id between {first} and {first + 9};"
                   f"update {table} set id = id - 1000 where id > 1000 and n % 2 = 0;"
                   f"update {table} set n = n + 1 where id % 7 = {step % 7}; delete from {table} where id >= 1000")
    elif what < 0.93 and truncates:
        server.sql(f"truncate {table}")
    elif what < 0.95:
        server.sql(f"alter table {table} add c{step} int default {step}")
    elif what < 0.96:
        server.sql(f"drop table {table}; create table {table} (id int primary key, name varchar(40), n int)")


def stays_equal(server, database, sluice, path, target, steps, source_rows, target_rows, truncates=True):
    """Two tables, changed at random while the program and the target die, are at the target what they are at the source.
    source_rows(table), target_rows(table): what is to be equal."""
    seed = random.SystemRandom().randrange(1 << 31)
    print(f"seed {seed}")
    dice = random.Random(seed)
    server.sql(f"create table {database}.t (id int primary key, name varchar(40), n int); create table {database}.u like {database}.t")
    process = sluice("run", path)
    for step in range(steps):
        change_tables(server, database, dice, step, truncates)
        if step % 25 == 10:
            process.kill9()
            process = sluice("run", path)
        if step == steps // 2:
            target.kill9()
            target.start()
    for table in "tu":
        # Rows written before a column was added have it by its default, of which the log tells nothing.
        server.sql(f"update {database}.{table} set n = n + 1")
        expected = source_rows(table)
        until(lambda: target_rows(table) == expected,
              lambda: f"table {table}: {len(target_rows(table))} of {len(expected)}\n{process.stderr[-2000:]}", 60)
