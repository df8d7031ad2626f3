"""The format cloudevents, read by the CloudEvents project's own library: from lines, from Kafka with and without headers, from HTTP."""

import datetime
import json
import time

import pytest

from lib import python_package
from lib.http_target import Target
from lib.kafka import read
from lib.sluice import WAIT_SECONDS, run

KIND = "mysql-9.7"
python_package.add("cloudevents", "2.2.0")

from cloudevents.core.bindings import http, kafka as kafka_binding  # noqa: E402
from cloudevents.core.formats.json import JSONFormat  # noqa: E402


@pytest.fixture
def server(shared, database):
    server = shared(KIND, full=True, gtid=True)
    server.sql(f"create database {database}; flush logs")
    server.sql(f"create table {database}.`it\"em` (id int primary key, name varchar(40) character set utf8mb4, price decimal(10,2));"
               f"insert into {database}.`it\"em` values (1, 'Grüße \\\\ \\n', 1.50), (2, null, -0.01);"
               f"update {database}.`it\"em` set price = 2 where id = 1; delete from {database}.`it\"em` where id = 2")
    yield server
    server.sql(f"drop database {database}")


def plain(server, database, *options):
    """What the format json says of the same changes."""
    lines = run("decode", server.binlog_files()[-1], "--tables", f"{database}.*", *options).stdout.splitlines()
    return [json.loads(line) for line in lines]


def expect(event, change, name):
    assert event.get_specversion() == "1.0"
    assert event.get_type() == "sluice.change." + change["op"]
    assert event.get_source() == name
    assert event.get_subject() == change["db"] + "." + change["table"]
    assert event.get_id() == change["id"]
    assert event.get_time() == datetime.datetime.fromisoformat(change["ts"])
    assert event.get_datacontenttype() == "application/json"
    data = event.get_data()
    assert data == {key: value for key, value in change.items() if key not in ("id", "ts")}


def test_lines_are_structured_events(server, database):
    changes = plain(server, database)
    assert [change["op"] for change in changes] == ["ddl", "insert", "insert", "update", "delete"]
    lines = run("decode", server.binlog_files()[-1], "--tables", f"{database}.*", "--format", "cloudevents", "--set",
                "name=https://db.example/shop one").stdout.splitlines()
    assert len(lines) == len(changes)
    for line, change in zip(lines, changes):
        expect(JSONFormat().read(None, line), change, "https://db.example/shop%20one")
        message = http.HTTPMessage({"content-type": "application/cloudevents+json"}, line.encode())
        expect(http.from_http(message, JSONFormat()), change, "https://db.example/shop%20one")
    # Where there are no headers, the attributes stay in the message.
    assert lines == run("decode", server.binlog_files()[-1], "--tables", f"{database}.*", "--format", "cloudevents", "--set",
                        "name=https://db.example/shop one,mode=binary").stdout.splitlines()


def test_kafka_has_both_modes(server, database, kafka, sluice, tmp_path):
    lanes = "".join(f"""
  {mode}:
    sink: kafka
    brokers: {kafka.brokers}
    topic: {database}.{mode}
    format: cloudevents
    mode: {mode}""" for mode in ("structured", "binary"))
    config = tmp_path / "sluice.yaml"
    config.write_text(f"""name: shop
state: ./state
source:
  url: {server.url}
  start: {server.binlog_files()[-1].name}:4
tables: ["{database}.*"]
ddl: false
sinks:{lanes}
""")
    changes = plain(server, database, "--no-ddl")
    sluice("run", config)
    for mode in ("structured", "binary"):
        messages = read(kafka.brokers, f"{database}.{mode}", len(changes))
        for message, change in zip(messages, changes, strict=True):
            headers = dict(message.headers())
            assert headers["content-type"] == (b"application/json" if mode == "binary" else b"application/cloudevents+json; charset=UTF-8")
            assert json.loads(message.key()) == change["key"]
            event = kafka_binding.from_kafka(kafka_binding.KafkaMessage(headers, None, message.value()), JSONFormat())
            expect(event, change, "shop")
            assert ("ce_id" in headers) == (mode == "binary")
            assert (b"specversion" in message.value()) == (mode == "structured")


def test_headers_of_http_are_read(server, database, sluice, tmp_path):
    changes = plain(server, database, "--no-ddl")
    with Target() as target:
        config = tmp_path / "sluice.yaml"
        config.write_text(f"""name: shop
state: ./state
source:
  url: {server.url}
  start: {server.binlog_files()[-1].name}:4
tables: ["{database}.*"]
ddl: false
sinks:
  hook:
    sink: http
    url: {target.url}/events
    format: cloudevents
    mode: binary
    binding: http
""")
        sluice("run", config)
        end = time.monotonic() + WAIT_SECONDS
        while len(target.taken()) < len(changes) and time.monotonic() < end:
            time.sleep(0.02)
        requests = target.taken()
    for request, change in zip(requests, changes, strict=True):
        event = http.from_http(http.HTTPMessage(dict(request.headers), request.body), JSONFormat())
        expect(event, change, "shop")
