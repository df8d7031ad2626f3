"""The sink redis_cache against real servers: rows, look-ups, schema changes, deaths and a fail-over."""

import random
import shutil

import pytest

from lib.one_sink import pipeline
from lib.redis import Redis
from lib.sluice import WAIT_SECONDS, run, until

LONGEST_PAUSE_SECONDS = 36  # between two tries, to which pauses grow while a busy machine takes its time


@pytest.fixture
def server(server, database):
    server.sql(f"create table {database}.t (id int primary key, name varchar(20), email varchar(40))")
    return server


@pytest.fixture
def start_redis(tmp_path):
    started = []

    def start(*options):
        folder = tmp_path / f"redis-{len(started)}"
        folder.mkdir()
        started.append(Redis(folder, *options))
        return started[-1]

    yield start
    for redis in started:
        redis.close()


def configure(folder, server, database, url, *lines):
    return pipeline(folder, server, database, "sink: redis_cache", f"url: {url}", *lines, ddl=True)


def url_of(*servers):
    return ",".join(f"redis://127.0.0.1:{redis.port}/0" for redis in servers)


def rows_of(redis, pattern):
    """Every hash under such keys."""
    return {key: redis.ask("hgetall", key) for key in redis.ask("keys", pattern)}


def expected(server, database):
    names = ("id", "name", "email")
    rows = server.sql(f"select id, name, email from {database}.t")
    return {f"{database}:t:{row[0]}": {name: str(value) for name, value in zip(names, row) if value is not None} for row in rows}


def test_rows_are_hashes_with_look_ups(server, database, start_redis, sluice, tmp_path):
    redis = start_redis()
    by = f"by:{database}"
    sluice("run", configure(tmp_path, server, database, url_of(redis), f'lookups: ["{by}:{{column:email}}"]', "ttl: 1h"))
    server.sql(f"insert into {database}.t values (1, 'a', 'x@y'), (2, 'ö🙂', 'x@y'), (3, null, null), (4, 'd', 'd@d')")
    server.sql(f"update {database}.t set email = 'z@y' where id = 2; update {database}.t set id = 30, name = 'c' where id = 3;"
               f"delete from {database}.t where id = 4; update {database}.t set name = null where id = 1")
    until(lambda: redis.ask("exists", f"{database}:t:30") and not redis.ask("exists", f"{database}:t:4"))
    until(lambda: rows_of(redis, f"{database}:*") == expected(server, database))
    sets = {email: redis.ask("smembers", f"{by}:{email}") for email in ("x@y", "z@y", "d@d")}
    assert sets == {"x@y": [f"{database}:t:1"], "z@y": [f"{database}:t:2"], "d@d": []}
    assert 3500 < redis.ask("ttl", f"{database}:t:1") <= 3600


def test_truncate_and_drop_take_the_rows_with_them(server, database, start_redis, sluice, tmp_path):
    redis = start_redis()
    path = configure(tmp_path, server, database, url_of(redis), "as: json", 'row_key: "{database}/{table}/{column:id}"',
                     f'lookups: ["names:{database}:{{column:name}}"]')
    sluice("run", path)
    server.sql(f"create table {database}.u (id int primary key, price decimal(5,2))")
    server.sql(f"insert into {database}.u values (1, 1.50); insert into {database}.t values "
               + ",".join(f"({i}, 'n', 'e')" for i in range(3500)))
    until(lambda: redis.ask("scard", f"names:{database}:n") == 3500)
    assert redis.ask("get", f"{database}/u/1") == '{"id":1,"price":"1.50"}'
    server.sql(f"truncate table {database}.t; insert into {database}.t values (7, 'new', 'e'); drop table {database}.u")
    until(lambda: redis.ask("keys", f"{database}/*") == [f"{database}/t/7"])
    assert redis.ask("keys", "names:*") == [f"names:{database}:new"]


def test_what_has_no_key_is_refused(server, database, start_redis, sluice, tmp_path):
    redis = start_redis()
    server.sql(f"create table {database}.n (a int); insert into {database}.n values (1)")
    done = run("run", configure(tmp_path, server, database, url_of(redis)), check=False)
    assert done.returncode == 1 and f"table {database}.n has no primary key" in done.stderr


def work(server, database, chance, count):
    """A transaction of random changes a statement."""
    for _ in range(count):
        id, other = chance.randrange(60), chance.randrange(60)
        server.sql(chance.choice([
            f"replace into {database}.t (id, name, email) values ({id}, 'n{chance.random():.6f}', 'e{id % 7}')",
            f"replace into {database}.t (id, name, email) values ({id}, 'm', null), ({other}, 'm{other}', 'e1')",
            f"update {database}.t set name = 'u{chance.random():.6f}', email = 'e{other}' where id % 10 = {id % 10}",
            f"update ignore {database}.t set id = {other} where id = {id}",
            f"delete from {database}.t where id = {id}",
            f"delete from {database}.t where id % 5 = {id % 5}"]))


def check_equal(server, database, redis, seconds=WAIT_SECONDS):
    server.sql(f"insert into {database}.t (id, name, email) values (1000, 'end', null)")
    until(lambda: redis.ask("exists", f"{database}:t:1000"), seconds=seconds)
    assert rows_of(redis, f"{database}:t:*") == expected(server, database)
    sets = {}
    for key, row in expected(server, database).items():
        if "email" in row:
            sets.setdefault(f"by:{database}:{row['email']}", set()).add(key)
    assert {key: set(redis.ask("smembers", key)) for key in redis.ask("keys", f"by:{database}:*")} == sets


def test_a_replay_from_the_beginning_brings_nothing_old_back(server, database, start_redis, sluice, tmp_path):
    seed = random.SystemRandom().randrange(1 << 31)
    print(f"seed {seed}")
    redis = start_redis()
    path = configure(tmp_path, server, database, url_of(redis), f'lookups: ["by:{database}:{{column:email}}"]')
    process = sluice("run", path)
    work(server, database, random.Random(seed), 100)
    check_equal(server, database, redis)
    process.close()
    before = rows_of(redis, f"{database}:t:*")
    shutil.rmtree(tmp_path / "state")
    process = sluice("run", path)
    server.sql(f"insert into {database}.t values (1001, 'second', null)")
    until(lambda: redis.ask("exists", f"{database}:t:1001"))
    after = rows_of(redis, f"{database}:t:*")
    after.pop(f"{database}:t:1001")
    assert after == before


def test_a_replica_that_becomes_the_master_is_found(server, database, start_redis, sluice, tmp_path):
    master = start_redis()
    replica = start_redis("--replicaof", "127.0.0.1", str(master.port))
    until(lambda: "master_link_status:up" in replica.cli("info", "replication"))
    seed = random.SystemRandom().randrange(1 << 31)
    print(f"seed {seed}")
    chance = random.Random(seed)
    process = sluice("run", configure(tmp_path, server, database, url_of(replica, master), "replicas: 1", "timeout: 2s",
                                      f'lookups: ["by:{database}:{{column:email}}"]'))
    work(server, database, chance, 60)
    master.kill9()
    work(server, database, chance, 20)
    process.wait_for_error("is a slave and no master")
    replica.ask("replicaof", "no", "one")
    process.wait_for_error("0 of 1 replicas")
    master.start()
    master.ask("replicaof", "127.0.0.1", str(replica.port))
    check_equal(server, database, replica, LONGEST_PAUSE_SECONDS + WAIT_SECONDS)


def test_what_only_a_lost_master_had_is_written_to_the_next_one(server, database, start_redis, sluice, tmp_path):
    master = start_redis()
    replica = start_redis("--replicaof", "127.0.0.1", str(master.port))
    until(lambda: "master_link_status:up" in replica.cli("info", "replication"))
    process = sluice("run", configure(tmp_path, server, database, url_of(master, replica), "replicas: 1", "timeout: 2s"))
    server.sql(f"insert into {database}.t (id, name) values (1, 'both')")
    until(lambda: replica.ask("keys", f"{database}:*"))
    replica.kill9()
    server.sql(f"insert into {database}.t (id, name) values (2, 'the first alone')")
    process.wait_for_error("0 of 1 replicas")
    master.kill9()
    replica.start()
    replica.ask("replicaof", "no", "one")
    start_redis("--replicaof", "127.0.0.1", str(replica.port))
    server.sql(f"insert into {database}.t (id, name) values (3, 'the next')")
    until(lambda: f"{database}:t:3" in rows_of(replica, f"{database}:t:*"))
    assert rows_of(replica, f"{database}:t:*") == expected(server, database)


def test_why_each_of_several_servers_is_not_taken_is_told(server, database, start_redis, sluice, tmp_path):
    master = start_redis()
    replica = start_redis("--replicaof", "127.0.0.1", str(master.port))
    until(lambda: "master_link_status:up" in replica.cli("info", "replication"))
    url = f"redis://nobody:wrong@127.0.0.1:{master.port}/0,redis://127.0.0.1:{replica.port}/0"
    process = sluice("run", configure(tmp_path, server, database, url))
    process.wait_for_error("is a slave and no master")
    assert f"logging in to 127.0.0.1:{master.port}: WRONGPASS" in process.stderr
