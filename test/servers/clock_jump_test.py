"""The wall clock jumps by a day while sluice runs: waits, rotation and positions do not go by it."""

import json
import re
import signal
import struct
import time

import pytest

from cli_pipeline_test import configure
from lib.sluice import BINARY, run, until

DAY = 24 * 3600
PRELOAD = BINARY.parent / "wall_clock_preload.so"


class WallClock:
    """The wall clock of the processes that are started with `env`."""

    def __init__(self, folder):
        self.file = folder / "wall-clock"
        self.set(0)
        self.env = {"LD_PRELOAD": str(PRELOAD), "WALL_CLOCK_FILE": str(self.file)}

    def set(self, seconds):
        """So far from the true time, at once."""
        with open(self.file, "r+b" if self.file.exists() else "wb") as file:
            file.write(struct.pack("<q", seconds * 10**9))


@pytest.fixture
def clock(tmp_path):
    assert PRELOAD.exists(), "build the target wall_clock_preload"
    return WallClock(tmp_path)


@pytest.fixture
def server(start_server):
    server = start_server("mariadb-10.11", gtid=True, full=True)
    server.sql("create database shop; create table shop.t (id int primary key)")
    return server


def insert(server, *numbers):
    for number in numbers:
        server.sql(f"insert into shop.t values ({number})")


def files(folder):
    """The active file and those that were turned over, oldest first."""
    rotated = [path for path in folder.glob("out*.jsonl") if path.name != "out.jsonl"]
    return sorted(rotated, key=lambda path: path.stem[-6:]) + [folder / "out.jsonl"]


def ids(folder):
    return [json.loads(line)["key"]["id"] for path in files(folder) for line in path.read_text().splitlines()]


def start(sluice, clock, server, folder, heartbeat="500ms", sink=""):
    config = configure(folder, server.url, "shop.t", sink_keys(sink))
    text = config.read_text().replace("tables:", f"  heartbeat: {heartbeat}\ntables:")
    config.write_text(text)
    process = sluice("run", config, env=clock.env)
    process.wait_for_error("reading ")
    return process


def sink_keys(lines):
    return "".join(f"    {line}\n" for line in lines.split("; ") if line)


def source(folder):
    return json.loads(run("status", folder / "state", "--json").stdout)["source"]


@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_an_idle_connection_lives_through_a_jump(server, sluice, clock, tmp_path, jump):
    process = start(sluice, clock, server, tmp_path)
    insert(server, 1)
    until(lambda: ids(tmp_path) == [1], "the row before the jump")
    clock.set(jump)
    time.sleep(3)  # six heartbeats: three missed ones would be a dead connection
    insert(server, 2)
    until(lambda: ids(tmp_path) == [1, 2], "the row after the jump")
    clock.set(0)
    insert(server, 3)
    until(lambda: ids(tmp_path) == [1, 2, 3], "the row after the jump back")
    status = source(tmp_path)
    assert (status["connections"], status["seconds_behind"]) == (1, 0)
    assert process.terminate() == 0


@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_a_server_that_is_away_during_a_jump_is_found_again(server, sluice, clock, tmp_path, jump):
    process = start(sluice, clock, server, tmp_path)
    insert(server, 1)
    until(lambda: ids(tmp_path) == [1], "the row before the jump")
    server.kill9()
    until(lambda: not source(tmp_path)["connected"], "the failure")
    clock.set(jump)
    time.sleep(1)
    assert process.process.poll() is None
    server.start()
    insert(server, 2)
    until(lambda: ids(tmp_path) == [1, 2], "the row after the jump")
    # What it says now goes by the new time: the clock did jump for it.
    told = re.findall(r"^(\d{4}-\d\d-\d\d)T", process.stderr, re.M)
    assert (told[-1] > told[0]) == (jump > 0) and told[-1] != told[0]
    assert process.terminate() == 0


@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_a_jump_turns_no_file_over(server, sluice, clock, tmp_path, jump):
    process = start(sluice, clock, server, tmp_path, sink="rotate.time: 10m")
    insert(server, 1)
    until(lambda: ids(tmp_path) == [1], "the row before the jump")
    for there in (jump, 0, jump):
        clock.set(there)
        time.sleep(1.3)  # a sink looks at its age once a second
    insert(server, 2)
    until(lambda: ids(tmp_path) == [1, 2], "the row after the jumps")
    assert len(files(tmp_path)) == 1
    assert process.terminate() == 0


@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_files_are_turned_over_in_order_whatever_the_clock_says(server, sluice, clock, tmp_path, jump):
    process = start(sluice, clock, server, tmp_path, sink="rotate.time: 1s")
    for number in range(1, 5):
        insert(server, number)
        until(lambda: len(files(tmp_path)) == number + 1, f"file {number} to be turned over")
        clock.set(jump if number % 2 else 0)
    assert process.terminate() == 0
    assert ids(tmp_path) == [1, 2, 3, 4]
    days = {path.name.split("-")[1][:8] for path in files(tmp_path)[:-1]}
    assert len(days) == 2  # the names show the clock, their numbers the order


@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_a_position_is_resumed_on_another_day(server, sluice, clock, tmp_path, jump):
    process = start(sluice, clock, server, tmp_path, sink="rotate.time: 10m")
    insert(server, 1, 2)
    until(lambda: ids(tmp_path) == [1, 2], "the rows before the kill")
    clock.set(jump)
    insert(server, 3)
    until(lambda: ids(tmp_path) == [1, 2, 3], "the row after the jump")
    process.signal(signal.SIGKILL)
    process.process.wait()
    insert(server, 4)
    clock.set(-jump)
    process = start(sluice, clock, server, tmp_path, sink="rotate.time: 10m")
    insert(server, 5)
    until(lambda: ids(tmp_path) == [1, 2, 3, 4, 5], "every row once, in order")
    assert process.terminate() == 0
