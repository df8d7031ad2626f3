"""The sink redis against a real server, read by redis-cli; through deaths of both under load."""

import json
import os

import pytest

from lib.one_sink import fill, fill_through_deaths, once_or_again, pipeline
from lib.redis import Redis
from lib.sluice import run, until
from server_tls import make_tls

KILLS = int(os.environ.get("SLUICE_KILLS", "20"))


@pytest.fixture
def server(server, database):
    server.sql(f"create table {database}.t (id int primary key, name varchar(20))")
    return server


@pytest.fixture
def redis(tmp_path):
    folder = tmp_path / "redis"
    folder.mkdir()
    server = Redis(folder)
    yield server
    server.close()


def configure(folder, server, database, url, *lines):
    return pipeline(folder, server, database, "sink: redis", f"url: {url}", *lines)


def url_of(redis, login="", scheme="redis"):
    return f"{scheme}://{login}127.0.0.1:{redis.port}/0"


def test_a_stream_has_every_change_in_order(server, database, redis, sluice, tmp_path):
    fill(server, database, 3000)
    server.sql(f"update {database}.t set name = 'ö🙂' where id = 7; delete from {database}.t where id = 8")
    sluice("run", configure(tmp_path, server, database, url_of(redis), 'key: "{key}"'))
    name = f"sluice:{database}.t"
    until(lambda: redis.ask("xlen", name) >= 3002)
    entries = redis.stream(name)
    found = [json.loads(entry["value"]) for entry in entries]
    assert [entry["key"] for entry in entries] == [str(i) for i in [*range(3000), 7, 8]]
    assert [change["after"]["id"] for change in found[:3000]] == list(range(3000))
    assert (found[3000]["op"], found[3000]["after"]["name"], found[3001]["op"]) == ("update", "ö🙂", "delete")


def test_lists_routes_and_columns(server, database, redis, sluice, tmp_path):
    server.sql(f"create table {database}.u (id int primary key, secret varchar(20))")
    server.sql(f"insert into {database}.t values (1, 'a'), (2, 'b'); insert into {database}.u values (1, 'x')")
    sluice("run", configure(tmp_path, server, database, url_of(redis), "as: list", f'columns: ["!{database}.u.secret"]',
                            "routes:", "  t:", f'    tables: ["{database}.t"]', '    to: "list-{column:id}"'))
    until(lambda: redis.ask("llen", f"sluice:{database}.u") == 1)
    assert [len(redis.ask("lrange", f"list-{i}", "0", "-1")) for i in (1, 2)] == [1, 1]
    assert json.loads(redis.ask("lrange", f"sluice:{database}.u", "0", "-1")[0])["after"] == {"id": 1}


def test_a_stream_keeps_as_many_as_told_to(server, database, redis, sluice, tmp_path):
    rows = ",".join(f"({i}, 'x')" for i in range(5000))
    server.sql(f"insert into {database}.t values {rows}")
    sluice("run", configure(tmp_path, server, database, url_of(redis), "max_length: 1000"))
    name = f"sluice:{database}.t"
    until(lambda: redis.ask("exists", name) and '"id":4999' in redis.stream(name)[-1]["value"])
    assert 1000 <= redis.ask("xlen", name) < 1200


def test_what_redis_refuses_stops_or_is_left_out(server, database, redis, sluice, tmp_path):
    redis.ask("set", f"sluice:{database}.t", "a string")
    server.sql(f"insert into {database}.t values (1, 'x')")
    path = configure(tmp_path, server, database, url_of(redis))
    done = run("run", path, check=False)
    assert done.returncode == 1
    assert "WRONGTYPE" in done.stderr and "on_refusal: drop" in done.stderr
    path.write_text(path.read_text() + "    on_refusal: drop\n")
    process = sluice("run", path)
    process.wait_for_error("left out 1 changes that the target refuses")
    # It is counted once its delivery is saved, which is after the word of it.
    until(lambda: json.loads(run("status", tmp_path / "state", "--json").stdout)["sinks"][0].get("refused") == 1)


def dead(*arguments, code=0):
    done = run("dead", *arguments, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def test_what_redis_refuses_is_parked_and_tried_again(server, database, redis, sluice, tmp_path):
    name = f"rows-{database}:1"
    redis.ask("set", name, "a string")
    server.sql(f"insert into {database}.t values (1, 'x')")
    path = configure(tmp_path, server, database, url_of(redis), 'to: "rows-{database}:{column:id}"', "on_refusal: park")
    process = sluice("run", path)
    process.wait_for_error("parked 1 changes that the target refuses")
    server.sql(f"update {database}.t set name = 'y'; insert into {database}.t values (2, 'z')")
    until(lambda: redis.ask("exists", f"rows-{database}:2"))
    server.sql(f"update {database}.t set name = 'w' where id = 1")
    state = tmp_path / "state"
    until(lambda: dead("list", state).count("waits behind") == 2)
    parked = [json.loads(line) for line in dead("list", path, "--json").splitlines()]
    assert [(each["key"], each["destination"], each["state"]) for each in parked] == [
        ("1", name, "refused"), ("1", name, "waits"), ("1", name, "waits")]
    assert "WRONGTYPE" in parked[0]["reason"] and parked[0]["table"] == f"{database}.t"
    assert '"name":"x"' in dead("show", state, str(parked[0]["id"]))
    status = json.loads(run("status", state, "--json").stdout)["sinks"][0]
    assert (status["parked"], status["refused"]) == (3, 1)
    assert "0 of 1 are delivered, 1 stay: WRONGTYPE" in dead("retry", state, code=1)
    redis.ask("del", name)
    assert "1 of 1 are delivered" in dead("retry", state, "--sink", "out")
    until(lambda: dead("list", state) == "nothing is parked\n")
    names = [json.loads(entry["value"])["after"]["name"] for entry in redis.stream(name)]
    assert names == ["x", "y", "w"]


def test_what_is_parked_is_dropped_or_tried_at_the_next_start(server, database, redis, sluice, tmp_path):
    for number in (1, 2):
        redis.ask("set", f"r-{number}", "a string")
    server.sql(f"insert into {database}.t values (1, 'x'), (2, 'x')")
    path = configure(tmp_path, server, database, url_of(redis), 'to: "r-{column:id}"', "on_refusal: park")
    process = sluice("run", path)
    process.wait_for_error("parked 2 changes")
    state = tmp_path / "state"
    until(lambda: dead("list", state, "--json").count("\n") == 2)
    process.close()
    first, second = [json.loads(line)["id"] for line in dead("list", state, "--json").splitlines()]
    assert "expected the ids of messages, or --all" in run("dead", "drop", state, check=False).stderr
    assert run("dead", "drop", state, "99", check=False).returncode == 2
    assert "dropped 1 messages" in dead("drop", state, str(first))
    assert "1 messages will be tried at the next start" in dead("retry", state)
    redis.ask("del", "r-1", "r-2")
    sluice("run", path)
    until(lambda: dead("list", state) == "nothing is parked\n")
    assert redis.ask("exists", "r-1") == 0
    assert len(redis.stream("r-2")) == 1


def test_a_server_without_memory_is_waited_for(server, database, redis, sluice, tmp_path):
    used = next(line for line in redis.cli("info", "memory").splitlines() if line.startswith("used_memory:"))
    redis.ask("config", "set", "maxmemory", str(int(used.split(":")[1]) + 300_000))
    rows = ",".join(f"({i}, '{'x' * 20}')" for i in range(8000))
    server.sql(f"insert into {database}.t values {rows}")
    process = sluice("run", configure(tmp_path, server, database, url_of(redis)))
    process.wait_for_error("OOM command not allowed")
    redis.ask("config", "set", "maxmemory", "0")
    name = f"sluice:{database}.t"
    until(lambda: redis.ask("xlen", name) == 8000)
    assert [json.loads(entry["value"])["after"]["id"] for entry in redis.stream(name)] == list(range(8000))


def test_a_wrong_password_and_a_dead_server_are_told_apart(server, database, redis, sluice, tmp_path):
    done = run("run", configure(tmp_path, server, database, url_of(redis, "someone:wrong@")), check=False)
    assert done.returncode == 1
    assert "WRONGPASS" in done.stderr and "wrong@" not in done.stderr
    redis.close()
    process = sluice("run", configure(tmp_path, server, database, url_of(redis)))
    process.wait_for_error("cannot connect to 127.0.0.1")
    server.sql(f"insert into {database}.t values (1, 'x')")
    redis.start()
    until(lambda: redis.ask("xlen", f"sluice:{database}.t") == 1)


def test_tls_is_checked(server, database, sluice, tmp_path, tls, tmp_path_factory):
    folder = tmp_path / "redis"
    folder.mkdir()
    redis = Redis(folder, tls=tls)
    try:
        server.sql(f"insert into {database}.t values (1, 'x')")
        stranger = make_tls(tmp_path_factory.mktemp("stranger"))
        url = url_of(redis, scheme="rediss")
        done = run("run", configure(tmp_path, server, database, url, f"tls_ca: {stranger.ca}"), check=False)
        assert done.returncode == 1 and "its certificate is refused" in done.stderr
        assert "name the PEM file of the authority that signed it in tls_ca" in done.stderr
        sluice("run", configure(tmp_path, server, database, url, f"tls_ca: {tls.ca}"))
        until(lambda: redis.ask("xlen", f"sluice:{database}.t") == 1)
    finally:
        redis.close()


def test_deaths_under_load_lose_nothing(server, database, redis, sluice, tmp_path):
    path = configure(tmp_path, server, database, url_of(redis), 'key: "{key}"')
    turns = KILLS + 5
    written = fill_through_deaths(server, database, sluice, path, turns, target=redis, target_turns=range(KILLS // 5, turns, turns // 5))
    name = f"sluice:{database}.t"
    until(lambda: redis.ask("exists", name) and f'"id":{written - 1},' in redis.stream(name)[-1]["value"])
    found = [json.loads(entry["value"]) for entry in redis.stream(name)]
    once_or_again([change["after"]["id"] for change in found], [change["id"] for change in found], written)
