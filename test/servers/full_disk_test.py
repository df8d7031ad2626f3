"""The disk of the file, or of the state, is full while a pipeline runs: it says so, waits, and goes on when there is room."""

import json
import pathlib
import textwrap

import pytest

from lib.sluice import run, until


def on_a_small_disk(size):
    """Mounts a disk of this size on its first argument, for itself alone, and becomes the program of the others."""
    return ["unshare", "--user", "--map-root-user", "--mount", "sh", "-ec", f'mount -t tmpfs -o size={size} none "$1"; shift; exec "$@"', "sh"]



@pytest.fixture
def table(shared, database):
    server = shared("mariadb-10.11", full=True, gtid=True)
    server.sql(f"create database {database}; create table {database}.t (id int primary key, v varchar(1000))")
    return server, f"{database}.t"


def insert(table, first, last):
    server, name = table
    server.sql(f"insert into {name} select seq, repeat('x', 1000) from mysql.seq_{first}_to_{last}")


def ids(path):
    return [json.loads(line)["after"]["id"] for line in path.read_text().splitlines()]


class SmallDisk:
    """A folder that a process sees as a small disk of its own, as that process sees it."""

    def __init__(self, process, folder):
        self.folder = pathlib.Path(f"/proc/{process.process.pid}/root{folder}")

    def fill(self):
        with open(self.folder / "ballast", "wb", buffering=0) as file:
            with pytest.raises(OSError, match="No space left"):
                while True:
                    file.write(b"x" * 512)

    def make_room(self):
        (self.folder / "ballast").unlink()


@pytest.fixture
def pipeline(table, sluice, tmp_path):
    """pipeline(state, out) -> a running pipeline and its small disk, the folder disk/ beside its configuration."""

    def start(state, out, *, size="512k", more=""):
        (tmp_path / "disk").mkdir(exist_ok=True)
        config = tmp_path / "sluice.yaml"
        config.write_text(textwrap.dedent(f"""
            state: {state}
            source:
              url: {table[0].url}
              {more}
            tables: ["{table[1]}"]
            sinks:
              out:
                sink: file
                path: {out}
            """))
        process = sluice("run", config, through=[*on_a_small_disk(size), tmp_path / "disk"])
        process.wait_for_error("reading ")
        return process, SmallDisk(process, tmp_path / "disk")

    return start


def test_the_disk_of_the_output_is_full(table, pipeline, tmp_path):
    process, disk = pipeline("state", "disk/out.jsonl")
    out = disk.folder / "out.jsonl"
    insert(table, 1, 10)
    until(lambda: ids(out) == list(range(1, 11)), "the rows before")
    disk.fill()
    insert(table, 11, 110)
    process.wait_for_error("out.jsonl: the disk is full")
    sink, = json.loads(run("status", tmp_path / "state", "--json").stdout)["sinks"]
    assert "the disk is full" in sink["last_error"] and sink["changes"] == 10
    assert ids(out) == list(range(1, 11))  # whole lines, nothing of what had no room
    disk.make_room()
    until(lambda: ids(out) == list(range(1, 111)), "the rows that had no room")
    process.wait_for_error("goes on")
    assert process.terminate() == 0


@pytest.mark.parametrize("how", ["begin", "xa start 'one'"])
def test_the_disk_is_full_where_a_transaction_waits_for_its_end(table, pipeline, tmp_path, how):
    """Beyond 4 MB of a whole transaction, and what an XA one changed, lie in the state folder."""
    process, disk = pipeline("disk/state", "out.jsonl", size="64m", more="transactions: whole")
    out = tmp_path / "out.jsonl"
    insert(table, 1, 10)
    until(lambda: out.exists() and ids(out) == list(range(1, 11)), "the rows before")
    disk.fill()
    ends = ["commit"] if how == "begin" else ["xa end 'one'", "xa prepare 'one'", "xa commit 'one'"]
    with table[0].connect() as connection, connection.cursor() as cursor:
        for words in (how, f"insert into {table[1]} select seq, repeat('x', 1000) from mysql.seq_11_to_8000", *ends):
            cursor.execute(words)
    process.wait_for_error("and it goes on by itself")
    assert "cannot set aside" in process.stderr or "/prepared/begun: the disk is full" in process.stderr
    disk.make_room()
    until(lambda: ids(out) == list(range(1, 8001)), "every row once")
    assert process.terminate() == 0


def test_the_disk_of_the_state_is_full(table, pipeline, tmp_path):
    process, disk = pipeline("disk/state", "out.jsonl")
    out = tmp_path / "out.jsonl"
    insert(table, 1, 10)
    until(lambda: out.exists() and ids(out) == list(range(1, 11)), "the rows before")
    disk.fill()
    insert(table, 11, 20)
    process.wait_for_error("state.db: the disk is full")
    insert(table, 21, 30)
    disk.make_room()
    process.wait_for_error("goes on")
    until(lambda: ids(out) == list(range(1, 31)), "every row once")
    assert process.terminate() == 0
    assert "everything delivered is saved" in process.stderr
