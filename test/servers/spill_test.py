"""A sink with `when_slow: spill` while its target is killed, Sluice is killed, the spill is full and the disk is."""

import json
import random
import time

import pytest

from full_disk_test import SmallDisk, on_a_small_disk
from lib.http_target import TargetProcess
from lib.sluice import run, until

KIND = "mysql-9.7"
ROWS = 40


@pytest.fixture
def table(shared, database):
    server = shared(KIND, full=True, gtid=True)
    server.sql(f"create database {database}; create table {database}.t (id int primary key, note varchar(1000))")
    yield server, f"{database}.t"
    server.sql(f"drop database {database}")


@pytest.fixture
def target(tmp_path):
    with TargetProcess(tmp_path) as one:
        yield one


def configure(folder, table, target, spill, state="./state"):
    path = folder / "sluice.yaml"
    path.write_text("\n".join([
        "name: spills", f"state: {state}", "source:", f"  url: {table[0].url}", "  start: earliest", f'tables: ["{table[1]}"]',
        "ddl: false", "memory: {batches: 3, batch_bytes: 4KiB}", "sinks:", "  out:", "    sink: file", "    path: ./out.jsonl",
        "  web:", "    sink: http", f'    url: "{target.url}"', "    body: ndjson", "    when_slow: spill", f"    spill: {spill}", ""]))
    return path


class Writer:
    def __init__(self, table):
        self.table, self.count = table, 0

    def write(self, times):
        for _ in range(times):
            rows = ",".join(f"({self.count + i}, repeat('x', 500))" for i in range(1, ROWS + 1))
            self.table[0].sql(f"insert into {self.table[1]} values {rows}")
            self.count += ROWS

    def there(self):
        return list(range(1, self.count + 1))


def out(folder):
    path = folder / "out.jsonl"
    text = path.read_text() if path.exists() else ""
    return [json.loads(line)["after"]["id"] for line in text.splitlines(keepends=True) if line.endswith("\n")]


def taken(target):
    return [json.loads(line)["after"]["id"] for request in target.requests() for line in request["body"].splitlines()]


def once(ids):
    """Without repeats, each of which goes on where it went back to."""
    seen = []
    for number in ids:
        assert number <= len(seen) + 1, f"{number} behind {len(seen)}"
        seen += [number] * (number > len(seen))
    return seen


def web(folder):
    done = run("status", folder / "state", "--json", check=False)
    sinks = json.loads(done.stdout)["sinks"] if done.returncode == 0 else []
    return next((sink for sink in sinks if sink["name"] == "web"), {})


def test_deaths_of_both_lose_nothing_and_hold_nobody(table, target, sluice, tmp_path):
    dice = random.Random(seed := random.SystemRandom().randrange(1 << 31))
    print(f"seed {seed}")
    config, writer = configure(tmp_path, table, target, "100MB"), Writer(table)
    process = sluice("run", config)
    for _ in range(6):
        target.kill9()
        writer.write(dice.randrange(1, 20))
        until(lambda: out(tmp_path) == writer.there(), lambda: f"the file has {len(out(tmp_path))} of {writer.count}, seed {seed}")
        until(lambda: web(tmp_path).get("spilled_bytes", 0) > 0)
        process.kill9()
        process = sluice("run", config)
        writer.write(dice.randrange(1, 20))
        target.start()
        time.sleep(dice.uniform(0, 0.3))
        process.kill9()
        process = sluice("run", config)
    until(lambda: taken(target)[-1:] == [writer.count], lambda: process.stderr)
    assert once(taken(target)) == writer.there(), f"seed {seed}"
    until(lambda: out(tmp_path) == writer.there())
    until(lambda: "spilled_bytes" not in web(tmp_path))
    assert process.terminate() == 0


def test_a_full_spill_holds_the_source(table, target, sluice, tmp_path):
    config, writer = configure(tmp_path, table, target, "1MiB"), Writer(table)
    process = sluice("run", config)
    target.kill9()
    writer.write(80)  # 1.9 MB of messages
    process.wait_for_error("sink web: cannot spill: the spill in ")
    assert "and `spill` allows 1048576; the source waits" in process.stderr
    until(lambda: "is full" in web(tmp_path).get("spill_error", ""))
    assert 900_000 < web(tmp_path)["spilled_bytes"] <= 1 << 20
    assert len(out(tmp_path)) < writer.count
    # Beside what waits, the file holds the places without changes that were passed at first.
    assert sum(file.stat().st_size for file in (tmp_path / "state/spill/web").iterdir()) <= (1 << 20) + 4096
    process.kill9()
    process = sluice("run", config)
    process.wait_for_error("bytes wait in the spill")
    target.start()
    until(lambda: taken(target)[-1:] == [writer.count])
    assert once(taken(target)) == writer.there()
    until(lambda: out(tmp_path) == writer.there())
    assert process.terminate() == 0


def start_on_a_small_disk(folder, table, target, sluice):
    (folder / "disk").mkdir()
    config = configure(folder, table, target, "1GB", "./disk/state")
    process = sluice("run", config, through=[*on_a_small_disk("36m"), folder / "disk"])
    process.wait_for_error("reading ")
    return process, SmallDisk(process, folder / "disk")


def test_a_disk_that_others_filled_holds_the_source(table, target, sluice, tmp_path):
    writer = Writer(table)
    process, disk = start_on_a_small_disk(tmp_path, table, target, sluice)
    writer.write(1)
    until(lambda: taken(target) == writer.there())
    target.kill9()
    disk.fill()
    writer.write(3)
    process.wait_for_error("cannot spill: the disk of ")
    disk.make_room()
    target.start()
    until(lambda: taken(target)[-1:] == [writer.count], lambda: process.stderr)
    assert once(taken(target)) == writer.there()
    until(lambda: out(tmp_path) == writer.there())
    assert process.terminate() == 0


def test_a_disk_that_the_spill_filled_drains_by_itself(table, target, sluice, tmp_path):
    writer = Writer(table)
    process, disk = start_on_a_small_disk(tmp_path, table, target, sluice)
    for _ in range(2):
        target.kill9()
        writer.write(200)  # 4.8 MB of messages, on a disk of 36 MB
        process.wait_for_error("of which 33554432 are kept for the positions of the state")
        assert len(out(tmp_path)) < writer.count
        target.start()
        until(lambda: taken(target)[-1:] == [writer.count] and out(tmp_path) == writer.there(), lambda: process.stderr)
        process.wait_for_error("sink web: spills again")
    assert once(taken(target)) == writer.there()
    assert process.terminate() == 0
