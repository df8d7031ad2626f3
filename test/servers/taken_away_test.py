"""What is taken away while a pipeline runs, and given back: a login at the source, a login at the target, a topic."""

import json

import pytest

from lib.kafka import read, values
from lib.redis import Redis
from lib.sluice import run, until


@pytest.fixture
def server(server, database):
    server.sql(f"create table {database}.t (id int primary key)")
    return server


def configure(folder, database, url, *sink):
    path = folder / "sluice.yaml"
    path.write_text("\n".join(["name: away", "state: ./state", f"source: {{url: '{url}', start: earliest}}", f'tables: ["{database}.t"]',
                               "ddl: false", "sinks:", "  out:", *(f"    {line}" for line in sink)]) + "\n")
    return path


def insert(server, database, first, last):
    for i in range(first, last + 1):
        server.sql(f"insert into {database}.t values ({i})")


def test_the_sources_login(server, database, sluice, tmp_path):
    """Its connections are cut, and the account is locked: reading goes on where it was once the account is back."""
    user = database[:16]
    server.sql(f"create user {user}@localhost identified by 'geheim'; grant all on *.* to {user}@localhost")
    try:
        out = tmp_path / "out"
        ids = lambda: [json.loads(line)["after"]["id"] for line in out.read_text().splitlines()] if out.exists() else []  # noqa: E731
        process = sluice("run", configure(tmp_path, database, f"mysql://{user}:geheim@127.0.0.1:{server.port}/", "sink: file", f"path: {out}"))
        insert(server, database, 1, 3)
        until(lambda: ids() == [1, 2, 3], "the first rows")
        server.sql(f"alter user {user}@localhost account lock")
        for (thread,) in server.sql(f"select id from information_schema.processlist where user = '{user}'"):
            server.sql(f"kill {thread}")
        insert(server, database, 4, 6)
        process.wait_for_error("locked")
        status = json.loads(run("status", tmp_path / "sluice.yaml", "--json").stdout)
        assert not status["source"]["connected"] and "locked" in json.dumps(status), status
        server.sql(f"alter user {user}@localhost account unlock")
        insert(server, database, 7, 7)
        until(lambda: ids() == [1, 2, 3, 4, 5, 6, 7], "the rest")
        assert "geheim" not in process.stderr
    finally:
        server.sql(f"drop user {user}@localhost")


def test_a_redis_login(server, database, sluice, tmp_path):
    (tmp_path / "redis").mkdir()
    redis = Redis(tmp_path / "redis")
    try:
        redis.ask("acl", "setuser", "writer", "on", ">geheim", "~*", "+@all")
        process = sluice("run", configure(tmp_path, database, server.url, "sink: redis", f"url: redis://writer:geheim@127.0.0.1:{redis.port}/0",
                                          "as: list", "to: away"))
        found = lambda: [json.loads(line)["after"]["id"] for line in redis.ask("lrange", "away", "0", "-1")]  # noqa: E731
        insert(server, database, 1, 3)
        until(lambda: found() == [1, 2, 3], "the first rows")
        redis.ask("acl", "deluser", "writer")  # ends its connections
        insert(server, database, 4, 6)
        process.wait_for_error("WRONGPASS")
        assert found() == [1, 2, 3]
        redis.ask("acl", "setuser", "writer", "on", ">geheim", "~*", "-@all")
        process.wait_for_error("NOPERM")
        redis.ask("acl", "setuser", "writer", "+@all")
        insert(server, database, 7, 7)
        until(lambda: found() == [1, 2, 3, 4, 5, 6, 7], "the rest, once")
        assert "geheim" not in process.stderr
    finally:
        redis.close()


def test_a_topic(server, database, kafka, sluice, tmp_path):
    """It is made anew; what was acknowledged before went with it."""
    topic = f"{database}-away"
    kafka.create(topic)
    sluice("run", configure(tmp_path, database, server.url, "sink: kafka", f"brokers: {kafka.brokers}", f"topic: {topic}",
                             "create_topics: true"))
    insert(server, database, 1, 3)
    read(kafka.brokers, topic, 3)
    kafka.delete(topic)
    insert(server, database, 4, 6)
    insert(server, database, 7, 7)
    found = [change["after"]["id"] for change in values(read(kafka.brokers, topic, 4, timeout=60))]
    assert found[-1] == 7 and sorted(set(found) | {4, 5, 6, 7}) == sorted(set(found)), found
    assert found == sorted(found), "in order"
