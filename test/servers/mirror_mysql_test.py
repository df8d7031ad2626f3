"""The sink mysql, MySQL and MariaDB as targets of real servers: every type, keys that change, deaths of both sides, schema
changes, locks, refusals."""

import contextlib
import random
import re
import shutil
import threading
import time

import pytest

from lib.mirror import TYPES, Workload, create_types, failure, type_rows
from lib.sluice import run, until

SOURCE = "mysql-9.7"
TARGETS = ["mariadb-10.11", "mysql-9.7"]


@pytest.fixture
def close_later():
    with contextlib.ExitStack() as stack:
        yield stack.enter_context


@pytest.fixture(params=TARGETS)
def pair(request, shared, database):
    """A source, a target, the database at the source and its mirror at the target."""
    source, target = shared(SOURCE, full=True, gtid=True), shared(request.param, full=True)
    mirror = database + "_m"
    target.sql(f"create database {mirror}")
    yield source, target, database, mirror
    source.sql(f"drop database if exists {database}")
    target.sql(f"drop database if exists {mirror}; drop database if exists {mirror}2")


def configure(folder, pair, *lines, memory="4KiB"):
    source, target, database, mirror = pair
    path = folder / "sluice.yaml"
    path.write_text("\n".join([
        "name: m", "state: ./state", "source:", f"  url: {source.url}", "  start: earliest", f'tables: ["{database}.*"]',
        f"memory: {{batch_bytes: {memory}}}", "sinks:", "  out:", "    sink: mysql",
        f"    url: {target.url.rstrip('/')}/{mirror}", f'    to: "{mirror}.{{table}}"', *(f"    {line}" for line in lines)]) + "\n")
    return path


def ask(server, database, sql):
    connection = server.connect(database=database, charset="utf8mb4", conv={},
                                init_command="set time_zone = '+00:00', names utf8mb4")
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return [tuple(None if v is None else v.decode() if isinstance(v, bytes) else str(v) for v in row) for row in cursor.fetchall()]
    except Exception as error:  # the table is not there yet
        return str(error)
    finally:
        connection.close()


def wait_until_equal(pair, selects):
    source, target, database, mirror = pair
    for sql in selects:
        want = ask(source, database, sql)
        assert isinstance(want, list), want
        until(lambda: ask(target, mirror, sql) == want, what=lambda: f"{sql}:\n{ask(target, mirror, sql)}\nwanted\n{want}")


WORKLOAD = ["select id, name, n, at from t order by id", "select a, convert(b using utf8mb4), v from p order by hex(b), a"]


def test_every_type_arrives_as_it_is(pair, sluice, tmp_path):
    source, target, database, mirror = pair
    source.sql(f"create database {database}")
    connection = source.connect(database=database, init_command="set time_zone = '+00:00', sql_mode = ''")
    with connection.cursor() as cursor:
        cursor.execute(create_types("all_types"))
        for statement in type_rows("all_types"):
            cursor.execute(statement)
        cursor.execute("create table zero (id int primary key, d date, dt datetime(2), ts timestamp null)")
        cursor.execute("insert into zero values (1, 0, 0, 0), (2, '2026-00-00', '2026-02-00', null)")
    connection.commit()
    connection.close()
    sluice("run", configure(tmp_path, pair, "keyless: match"))
    columns = []
    for name, (kind, _) in TYPES.items():
        raw = "blob" in kind or "binary" in kind
        columns.append(f"hex(st_aswkb({name}))" if kind == "point" else f"hex({name})" if raw else f"{name}+0" if kind.startswith("bit")
                       else f"convert({name} using utf8mb4)" if kind == "json" else f"{name}")
    wait_until_equal(pair, [f"select id, {', '.join(columns)} from all_types order by id", "select * from zero order by id"])
    source.sql(f"use {database}; {create_types('bare').replace(' primary key', '')}; insert into bare select * from all_types; "
               "insert into bare select * from all_types; delete from bare limit 1; update bare set id = -id")
    wait_until_equal(pair, ["select id, count(*) from bare group by id order by id"])


@pytest.mark.parametrize("connections", [1, 4])
def test_a_random_workload_is_mirrored_through_kills(pair, sluice, tmp_path, close_later, connections):
    source, target, database, mirror = pair
    seed = random.SystemRandom().randrange(1 << 31)
    print("seed", seed)
    source.sql(Workload.schema(database))
    source.sql(f"create table {database}.log (what int)")
    path = configure(tmp_path, pair, "keyless: match", f"connections: {connections}", memory="16KiB")
    work = close_later(Workload(source, database, seed, changes_log=True))
    work.through_kills(sluice, path)
    wait_until_equal(pair, [*WORKLOAD, Workload.LOG.format("")])


def test_several_connections_divide_rows_by_key(pair, sluice, tmp_path):
    source, target, database, mirror = pair
    source.sql(f"create database {database}; use {database}; create table t (id int primary key, v int); create table u (id int primary key, "
               "v int unique); create table m (k varchar(9) primary key); create table f (k double, n int, primary key (k, n)); "
               "create table log (what int primary key)")
    target.sql(f"use {mirror}; create table u (id int primary key, v int unique); create table m (k varchar(9) character set utf8mb4 "
               "collate utf8mb4_general_ci primary key)")
    sluice("run", configure(tmp_path, pair, "connections: 4", memory="1MiB"))
    until(lambda: ask(target, mirror, "select count(*) from log") == [("0",)])
    target.sql("set global log_output = 'TABLE', global general_log = 1")
    try:
        with source.connect(database=database, autocommit=False) as connection, connection.cursor() as cursor:
            for i in range(200):
                for sql in (f"insert into t values ({i}, 0)", f"update t set id = id + 1000 where id = {i}", f"insert into u values ({i}, {i})",
                            f"insert into m values ('a{i}')", f"update m set k = 'A{i}'where k = 'a{i}'", f"insert into f values (0, {i})",
                            f"update f set k = -0e0 where n = {i}"):
                    cursor.execute(sql)
            cursor.execute("insert into log values (1)")
            connection.commit()
        wait_until_equal(pair, ["select * from t order by id", "select * from u order by id", "select count(*), sum(ascii(k)) from m",
                                "select count(*), sum(n) from f", "select * from log"])
    finally:
        target.sql("set global general_log = 0, global log_output = 'FILE'")
    writers = {table: target.sql("select count(distinct thread_id) from mysql.general_log where convert(argument using utf8mb4) like "
                                 f"'INSERT INTO `{mirror}`.`{table}`%'") for table in "tumf"}
    assert writers == {"t": [(4,)], "u": [(1,)], "m": [(1,)], "f": [(1,)]}


def test_several_connections_need_a_log_that_takes_what_they_write(shared, start_server, database, tmp_path):
    target = start_server("mariadb-10.11", ["--log-bin", "--binlog-format=STATEMENT"])
    source = shared(SOURCE, full=True, gtid=True)
    source.sql(f"create database {database}; create table {database}.t (id int primary key)")
    try:
        failure(configure(tmp_path, (source, target, database, database + "_m"), "connections: 2"), "binlog_format=STATEMENT", "leave `connections` at 1")
    finally:
        source.sql(f"drop database {database}")


def test_rows_behind_a_schema_change_are_not_committed_before_their_checkpoint(pair, sluice, tmp_path):
    """Such a change ends the transaction at these targets, whatever was begun."""
    source, target, database, mirror = pair
    source.sql(f"create database {database}; use {database}; create table log (what int); create table t (id int primary key, n int); "
               "insert into t values (1, 1)")
    path = configure(tmp_path, pair, "keyless: append", memory="1MiB")
    process = sluice("run", path)
    wait_until_equal(pair, ["select id from t"])
    process.kill9()
    source.sql(f"use {database}; create table other (id int); begin; insert into log values (1); update t set n = 2; commit")
    with contextlib.closing(target.connect(database=mirror, autocommit=False)) as holder, holder.cursor() as cursor:
        cursor.execute("select * from t for update")
        process = sluice("run", path)
        waits = "select count(*) from information_schema.processlist where info like 'INSERT INTO%ON DUPLICATE KEY%'"
        until(lambda: ask(target, mirror, waits) == [("1",)], what=lambda: process.stderr)
        assert ask(target, mirror, "select what from log") == []
        process.kill9()
    sluice("run", path)
    wait_until_equal(pair, ["select id, n from t", "select what from log"])


def test_a_commit_of_a_dead_process_that_is_under_way_is_waited_for(pair, sluice, tmp_path, close_later):
    source, target, database, mirror = pair
    source.sql(f"create database {database}; create table {database}.log (what int)")
    path, checkpoint = configure(tmp_path, pair, "keyless: append"), f"{mirror}.sluice_checkpoint"
    saved = []
    for row in (1, 2):
        source.sql(f"insert into {database}.log values ({row})")
        process = sluice("run", path)
        wait_until_equal(pair, ["select what from log order by what"])
        process.kill9()
        saved += target.sql(f"select position, mark, serial from {checkpoint}")
    shutil.rmtree(tmp_path / "state")  # so that the checkpoint at the target alone tells where to go on
    save = f"update {checkpoint} set position = %s, mark = %s, serial = %s"
    other = close_later(target.connect(autocommit=False))
    with other.cursor() as cursor:
        cursor.execute(f"delete from {mirror}.log where what = 2")
        cursor.execute(save, saved[0])
        other.commit()
        cursor.execute(f"insert into {mirror}.log values (2)")
        cursor.execute(save, saved[1])
        sluice("run", path)
        time.sleep(1)  # enough for it to write, if it did not wait
        other.commit()
    source.sql(f"insert into {database}.log values (3)")
    wait_until_equal(pair, ["select what from log order by what"])


def test_schema_changes_are_carried_out(pair, sluice, tmp_path):
    source, target, database, mirror = pair
    source.sql(f"create database {database}; use {database}; create table t (id int primary key, a int, b varchar(9)); "
               "insert into t values (1, 10, 'x'), (2, 20, 'y')")
    sluice("run", configure(tmp_path, pair))
    wait_until_equal(pair, ["select * from t order by id"])
    source.sql(f"use {database}; alter table t add column c decimal(6,2) not null default 1.5, add d timestamp null, drop a, "
               "rename column b to bb, add e text not null; insert into t values (3, 'z', 2.25, null, 'ü'); alter table t rename to u; "
               "update u set bb = 'q' where id = 1; create table v (k varchar(5) primary key); insert into v values ('a'), ('b'); "
               "create table w (k int primary key); insert into w values (1); drop table w; truncate v; insert into v values ('c'); "
               "alter table u modify bb varchar(300), modify c decimal(8,3) null; update u set bb = repeat('w', 300) where id = 2")
    wait_until_equal(pair, ["select * from u order by id", "select * from v"])
    until(lambda: ask(target, mirror, "show tables") == [("sluice_checkpoint",), ("u",), ("v",)], what=lambda: ask(target, mirror, "show tables"))


def test_what_the_target_cannot_take_stops_with_words_or_is_parked(pair, sluice, tmp_path):
    source, target, database, mirror = pair
    source.sql(f"create database {database}; use {database}; create table t (id int primary key, a int, u varchar(9)); "
               "insert into t values (1, 10, 'x'), (2, 20, 'x'), (3, 30, 'y')")
    path = configure(tmp_path, pair, "ddl: ignore")

    def table(sql):
        target.sql(f"use {mirror}; drop table if exists t; {sql}")

    table("create table t (id int primary key, a int)")
    failure(path, f"the table {mirror}.t of", "lacks the column u, which would be varchar(9)")
    table("create table t (id int primary key, a date, u text)")
    failure(path, f"the column a of the table {mirror}.t of", "is date and should be int")
    table("create table t (id int, a int, u text)")
    failure(path, f"the primary key of the table {mirror}.t of", "is () and should be (id)")
    table("create table t (id int primary key, a int, u varchar(9) unique)")
    failure(path, "Duplicate entry 'x'", "(error 1062)")
    path.write_text(path.read_text() + "    on_refusal: park\n")
    process = sluice("run", path)
    process.wait_for_error("parked 1 changes that the target refuses")
    until(lambda: ask(target, mirror, "select id from t order by id") == [("1",), ("3",)])
    source.sql(f"use {database}; delete from t where id = 1; update t set a = 21 where id = 2; update t set a = 31 where id = 3")
    until(lambda: ask(target, mirror, "select id, a from t") == [("3", "31")])
    until(lambda: run("dead", "list", path, check=False).stdout.count("waits behind") == 1)
    run("dead", "retry", path)
    until(lambda: ask(target, mirror, "select * from t order by id") == [("2", "21", "x"), ("3", "31", "y")])


def test_what_rows_hold_steers_no_terminal(pair, sluice, tmp_path):
    source, target, database, mirror = pair
    target.sql(f"create table {mirror}.t (id int primary key, u varchar(30) unique)")
    source.sql(f"create database {database}; use {database}; create table t (id int primary key, u varchar(30)); "
               "insert into t values (1, concat('a', char(10), char(27), '[2J')), (2, concat('a', char(10), char(27), '[2J'))")
    process = sluice("run", path := configure(tmp_path, pair, "on_refusal: park"))
    process.wait_for_error("parked 1 changes that the target refuses")
    shown = re.compile(r"Duplicate entry 'a\\\S+\[2J' for key")  # MariaDB has a spelling of its own
    until(lambda: shown.search(process.stderr))
    until(lambda: shown.search(run("dead", "list", path).stdout))
    assert "\x1b" not in process.stderr and run("dead", "list", path).stdout.count("\n") == 2


@pytest.mark.parametrize("source_type, value, there", [
    ("datetime(6)", "'2026-01-01 00:00:00.123456'", "datetime"), ("time(3)", "'01:00:00.900'", "time"),
    ("timestamp(6) null", "'2026-01-01 00:00:00.9'", "timestamp(3) null"), ("decimal(10,4)", "1.2345", "decimal(10,2)"),
    ("double", "0.123456789012345", "float"), ("varchar(20)", "'ab      '", "varchar(5)"), ("varchar(20)", "'ab '", "char(20)"),
    ("varbinary(4)", "x'01'", "binary(4)"), ("int", "5", "year"), ("varchar(9)", "'A '", "enum('a')"), ("int", "5", "int as (id * 2) stored")])
def test_a_column_that_would_change_values_in_silence_is_told_of(pair, sluice, tmp_path, source_type, value, there):
    """What a strict server rounds, cuts, fills up or folds without a word is refused by the column's name, parked, and there once it is mended."""
    source, target, database, mirror = pair
    source.sql(f"create database {database}; use {database}; create table t (id int primary key, a {source_type}); insert into t values (1, {value})")
    target.sql(f"use {mirror}; create table t (id int primary key, a {there})")
    path = configure(tmp_path, pair, "on_refusal: park")
    process = sluice("run", path)
    process.wait_for_error(f"the column a of the table {mirror}.t of")
    assert "change it there" in process.stderr and ask(target, mirror, "select count(*) from t") == [("0",)]
    target.sql(f"use {mirror}; alter table t drop a, add a {source_type}")
    run("dead", "retry", path)
    wait_until_equal(pair, ["select id, hex(concat(a)) from t"])


def test_names_of_columns_that_differ_in_case_are_one(pair, sluice, tmp_path):
    source, target, database, mirror = pair
    source.sql(f"create database {database}; use {database}; create table t (Id int primary key, Name varchar(9)); insert into t values (1, 'x')")
    target.sql(f"use {mirror}; create table t (ID int primary key, name varchar(9))")
    sluice("run", configure(tmp_path, pair))
    wait_until_equal(pair, ["select id, name from t"])
    source.sql(f"use {database}; update t set name = 'y'; alter table t rename column Name to NAME; insert into t values (2, 'z')")
    wait_until_equal(pair, ["select id, name from t order by id"])


def test_a_view_in_the_place_of_a_table_is_told_of(pair, tmp_path):
    source, target, database, mirror = pair
    source.sql(f"create database {database}; use {database}; create table t (id int primary key); insert into t values (1)")
    target.sql(f"use {mirror}; create table base (id int primary key); create view t as select * from base")
    failure(configure(tmp_path, pair, "ddl: ignore"), f"{mirror}.t of", "is a view, which has no primary key")


def test_an_account_needs_no_more_than_it_is_said_to(pair, sluice, tmp_path):
    """Without CREATE it is enough that the tables are there; what is lacking is named with the statement, and nothing is dropped for it."""
    source, target, database, mirror = pair
    source.sql(f"create database {database}; use {database}; create table t (id int primary key); insert into t values (1)")
    user = f"'{mirror[-20:]}'@'127.0.0.1'"
    target.sql(f"create user {user} identified by 'pass-word-1'")
    path = configure(tmp_path, pair, "on_refusal: drop", "ddl: ignore")
    path.write_text(path.read_text().replace(target.url, target.url.replace("root@", f"{mirror[-20:]}:pass-word-1@")))
    try:
        failure(path, "GRANT it to the account", code=2)
        target.sql(f"use {mirror}; create table t (id int primary key); create table sluice_checkpoint (name varchar(191) character set utf8mb4 "
                   "collate utf8mb4_bin primary key, position mediumtext not null, mark text not null, serial bigint unsigned not null);"
                   f"grant select, insert, update, delete on {mirror}.sluice_checkpoint to {user}; grant select on {mirror}.t to {user}")
        failure(path, "INSERT", "denied", "GRANT it to the account", code=2)
        target.sql(f"grant insert (id) on {mirror}.t to {user}; grant update, delete on {mirror}.t to {user}")
        sluice("run", path)
        wait_until_equal(pair, ["select * from t"])
    finally:
        target.sql(f"drop user {user}")


def test_locks_and_lost_connections_are_waited_for(pair, sluice, tmp_path, close_later):
    source, target, database, mirror = pair
    source.sql(Workload.schema(database))
    source.sql(f"insert into {database}.t values (1, 'a', 1, null), (2, 'b', 2, null)")
    process = sluice("run", configure(tmp_path, pair))
    wait_until_equal(pair, WORKLOAD)
    # A deadlock: each side holds a row that the other wants; the one with more changes stays, which is ours.
    other = target.connect(database=mirror, autocommit=False)
    stop = threading.Event()
    hurt = []

    def disturb():
        r = random.Random(1)
        with other.cursor() as cursor:
            cursor.execute("set innodb_lock_wait_timeout = 2")
            while not stop.is_set():
                try:
                    for i in r.sample(range(60), 12):
                        cursor.execute(f"select * from t where id = {i} for update")
                    other.commit()
                except Exception as error:
                    hurt.append(error)
                    other.rollback()

    thread = threading.Thread(target=disturb)
    thread.start()
    work = close_later(Workload(source, database, 7))
    for _ in range(150):
        work.transaction()
    for (number,) in ask(target, mirror, f"select id from information_schema.processlist where id <> connection_id() and command <> 'Daemon' "
                                         f"and user = 'root' and db is null"):
        target.sql(f"kill {number}")
    for _ in range(50):
        work.transaction()
    stop.set()
    thread.join()
    other.close()
    wait_until_equal(pair, WORKLOAD)
    assert process.process.poll() is None


@pytest.mark.parametrize("kind", TARGETS)
def test_a_target_that_dies_under_load_has_every_change_once(shared, start_server, database, sluice, tmp_path, close_later, kind):
    source, target = shared(SOURCE, full=True, gtid=True), start_server(kind, full=True)
    pair = source, target, database, database + "_m"
    target.sql(f"create database {database}_m")
    source.sql(Workload.schema(database))
    source.sql(f"create table {database}.log (what int)")
    work = close_later(Workload(source, database, 11))
    rows = 0
    process = sluice("run", configure(tmp_path, pair, "keyless: append", "connections: 4", memory="16KiB"))
    for _ in range(2):
        for at in range(60):
            work.transaction()
            with work.connection.cursor() as cursor:
                cursor.execute(f"insert into log values ({rows}), ({rows + 1})")
            work.connection.commit()
            rows += 2
            if at == 20:
                target.kill9()
        target.start()
        until(lambda: ask(target, database + "_m", "select count(*) > 0 from t") == [("1",)])
    wait_until_equal(pair, [*WORKLOAD, "select count(*), count(distinct what) from log"])
    assert process.process.poll() is None
    source.sql(f"drop database {database}")
