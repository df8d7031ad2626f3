"""Names that a target forbids or does not expect, made from values by a template: what becomes of them in each real target, and that
two which would become one are refused instead of mixed."""

import json
import pathlib
import urllib.parse

import pytest
from confluent_kafka.admin import AdminClient

from lib.http_target import Target
from lib.kafka import read, values
from lib.redis import Redis
from lib.sluice import WAIT_SECONDS, until

NAMES = ["plain", "two words", "it's \"quoted\"", "öß漢字", "party 🙂", "a/b\\c", "%41{x}", "..", "one\nline\rand\ttab", "x" * 300, "ü" * 300,
         "x" * 299 + "y", "?a=b&c#d", "*[]"]


@pytest.fixture
def server(shared, database):
    server = shared("mariadb-10.11", full=True)
    server.sql(f"create database {database} character set utf8mb4; use {database}; create table t (id int primary key, name varchar(400))")
    yield server
    server.sql(f"drop database if exists {database}")


def fill(server, database, names):
    with server.connect(autocommit=True, charset="utf8mb4") as connection, connection.cursor() as cursor:
        cursor.executemany(f"insert into {database}.t values (%s, %s)", list(enumerate(names)))


def configure(folder, server, database, *lines):
    path = folder / "sluice.yaml"
    path.write_text("\n".join(["name: n", "state: ./state", f"source: {{url: '{server.url}', start: earliest}}", f'tables: ["{database}.*"]',
                               "ddl: false", "sinks:", "  out:", *(f"    {line}" for line in lines)]) + "\n")
    return path


def name_of(line):
    return json.loads(line)["after"]["name"]


def test_redis_takes_every_name_as_it_stands(server, database, sluice, tmp_path):
    fill(server, database, NAMES)
    (tmp_path / "redis").mkdir()
    redis = Redis(tmp_path / "redis")
    try:
        url = f"redis://127.0.0.1:{redis.port}/0"
        sluice("run", configure(tmp_path, server, database, "sink: redis", f"url: {url}", "as: list", 'to: "{column:name}"'))
        until(lambda: int(redis.cli("dbsize")) >= len(NAMES))
        for name in NAMES:
            assert [name_of(line) for line in redis.ask("lrange", name, "0", "-1")] == [name]
    finally:
        redis.close()


def test_http_asks_for_one_part_of_the_path(server, database, sluice, tmp_path):
    fill(server, database, NAMES)
    with Target() as target:
        sluice("run", configure(tmp_path, server, database, "sink: http", f'url: "{target.url}/in/{{column:name}}"'))
        until(lambda: len(target.taken()) >= len(NAMES))
        for request in target.taken():
            [change] = request.changes()
            parts = request.target.split("/")
            assert parts[:2] == ["", "in"] and len(parts) == 3 and urllib.parse.unquote(parts[2]) == change["after"]["name"]


def test_files_stay_in_their_folder_and_apart(server, database, sluice, tmp_path):
    fill(server, database, NAMES)
    out = tmp_path / "out"
    out.mkdir()
    sluice("run", configure(tmp_path, server, database, "sink: file", f'path: "{out}/{{column:name}}.jsonl"'))

    def files():
        return [path for path in out.iterdir() if path.name.endswith(".jsonl") and path.stat().st_size]

    until(lambda: len(files()) >= len(NAMES))
    found = {name_of(line): path.name for path in files() for line in path.read_text().splitlines()}
    assert sorted(found) == sorted(NAMES)
    assert all(len(name.encode()) <= 255 for name in found.values())
    for name in NAMES:
        if len(name.encode()) < 200:
            assert urllib.parse.unquote(pathlib.Path(found[name]).stem) == name
    assert found[".."] == "%2E..jsonl" and found["a/b\\c"] == "a%2Fb\\c.jsonl"


def topic_of(name):
    """docs/sinks/kafka.md: what is not allowed becomes `_`, a character beyond U+FFFF two of them, and 249 are kept."""
    allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
    return "".join(c if c in allowed else "_" * (1 + (c > "\uffff")) for c in name)[:249]


def test_kafka_gets_names_that_it_allows(server, database, kafka, sluice, tmp_path):
    names = [f"{database}.{name}" for name in NAMES if name not in ("x" * 299 + "y", "..")]
    assert len({topic_of(name) for name in names}) == len(names)
    fill(server, database, names)
    sluice("run", configure(tmp_path, server, database, "sink: kafka", f"brokers: {kafka.brokers}", 'topic: "{column:name}"'))
    for name in names:
        [change] = values(read(kafka.brokers, topic_of(name), 1))
        assert change["after"]["name"] == name


@pytest.mark.parametrize("pair", [("a b", "a_b"), ("x" * 300, "x" * 299 + "y"), ("🙂", "__")], ids=["space", "length", "emoji"])
def test_kafka_refuses_two_names_that_become_one(server, database, kafka, sluice, tmp_path, pair):
    names = [f"{database}.{name}" for name in pair]
    fill(server, database, names)
    process = sluice("run", configure(tmp_path, server, database, "sink: kafka", f"brokers: {kafka.brokers}", 'topic: "{column:name}"'))
    process.wait_for_error(names[1])
    assert process.process.wait(WAIT_SECONDS) == 1
    topics = AdminClient({"bootstrap.servers": kafka.brokers}).list_topics(timeout=WAIT_SECONDS).topics
    assert topic_of(names[0]) in topics or not any(topic.startswith(database) for topic in topics)
