"""The format msgpack, read by MessagePack's own library, tells the same as json."""

import base64
import json
import os
import pty
import subprocess

import msgpack
import pytest

from lib.kafka import read
from lib.sluice import BINARY, run


@pytest.fixture
def log(kind, shared, database):
    """(file, database): a log with events of several rows."""
    server = shared(kind, full=kind != "mysql-5.6")
    server.sql(f"create database {database} character set utf8mb4")
    connection = server.connect(database=database)
    cursor = connection.cursor()
    for statement in ["flush logs",
                      "create table Item (id bigint unsigned primary key, name varchar(300), price decimal(20,2), b blob, "
                      "at datetime(3), size enum('s','l'), flags set('a','b'), f float, d double)",
                      "insert into Item values (1, 'Grüße 😀', -1.50, x'00ff', '2026-01-15 10:30:00.123', 's', 'a,b', 0.5, 0.1), "
                      "(18446744073709551615, repeat('x', 300), 0, '', null, 'l', '', -1.5, 1e300), (3, null, null, null, null, null, null, null, null)",
                      "update Item set price = price + 1", "delete from Item where id > 1"]:
        cursor.execute(statement)
    connection.close()
    return server.binlog_files()[-1], database


def decode(log, *options):
    file, database = log
    return subprocess.run([str(BINARY), "decode", str(file), "--tables", f"{database}.*", *options], check=True,
                          capture_output=True, timeout=60).stdout


def messages(data):
    unpacker = msgpack.Unpacker(strict_map_key=True)
    unpacker.feed(data)
    return list(unpacker)


def shown(value):
    """A value of msgpack as json has it."""
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def test_its_own_library_reads_it(log):
    changes = [json.loads(line) for line in decode(log, "--no-ddl").splitlines()]
    found = messages(decode(log, "--format", "msgpack"))
    assert [list(message) for message in found] == [["Action", "Schema", "Table", "Columns", "Rows"]] * 3
    assert [(message["Action"], len(message["Rows"])) for message in found] == [("insert", 3), ("update", 4), ("delete", 2)]
    images = []
    for message in found:
        assert (message["Schema"], message["Table"]) == (log[1], changes[0]["table"])
        images += [{column: shown(value) for column, value in zip(message["Columns"], row, strict=True)} for row in message["Rows"]]
    assert images == [change[image] for change in changes for image in ("before", "after") if image in change]
    single = messages(decode(log, "--format", "msgpack", "--set", "rows=change"))
    assert [len(message["Rows"]) for message in single] == [1, 1, 1, 2, 2, 1, 1]
    assert [row for message in single for row in message["Rows"]] == [row for message in found for row in message["Rows"]]


def test_a_terminal_gets_no_binary(tmp_path):
    far, near = pty.openpty()
    try:
        done = subprocess.run([str(BINARY), "decode", str(tmp_path), "--format", "msgpack"], stdout=near, stderr=subprocess.PIPE,
                              text=True, timeout=60)
    finally:
        os.close(far)
        os.close(near)
    assert done.returncode == 2
    assert done.stderr == ("sluice decode: format msgpack is binary, and stdout is a terminal; send it to a file or another "
                           "program (> changes.bin)\n")
    done = run("decode", tmp_path, "--format", "msgpack", "--pretty", check=False)
    assert done.returncode == 2 and "--pretty sets JSON out for people; format msgpack writes none" in done.stderr


def test_kafka_gets_them_by_table_or_split_by_a_column(shared, database, kafka, sluice, tmp_path):
    server = shared("mysql-9.7", full=True, gtid=True)
    server.sql(f"create database {database}; flush logs")
    server.sql(f"create table {database}.OrderLines (id int primary key, order_id int);"
               f"insert into {database}.OrderLines values (1, 10), (2, 20), (3, 10); update {database}.OrderLines set order_id = order_id + 10")
    config = tmp_path / "sluice.yaml"
    lane = f"\n    sink: kafka\n    brokers: {kafka.brokers}\n    format: msgpack\n    topic: {database}."
    config.write_text(f"""name: shop
state: ./state
source:
  url: {server.url}
  start: {server.binlog_files()[-1].name}:4
tables: ["{database}.*"]
sinks:
  whole:{lane}whole
  split:{lane}split
    key: "{{column:order_id}}"
""")
    sluice("run", config)
    whole = [(m.key(), msgpack.unpackb(m.value())) for m in read(kafka.brokers, f"{database}.whole", 2)]
    assert [(key, message["Action"], message["Rows"]) for key, message in whole] == [
        (b"orderlines", "insert", [[1, 10], [2, 20], [3, 10]]),
        (b"orderlines", "update", [[1, 10], [1, 20], [2, 20], [2, 30], [3, 10], [3, 20]])]
    split = [(m.key(), msgpack.unpackb(m.value())) for m in read(kafka.brokers, f"{database}.split", 4)]
    # The pair of an update that changes the key stays one, and goes where the row behind goes.
    assert [(key, message["Action"], message["Rows"]) for key, message in split] == [
        (b"10", "insert", [[1, 10], [3, 10]]), (b"20", "insert", [[2, 20]]),
        (b"20", "update", [[1, 10], [1, 20], [3, 10], [3, 20]]), (b"30", "update", [[2, 20], [2, 30]])]
