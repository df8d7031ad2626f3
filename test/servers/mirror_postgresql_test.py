"""The sink postgresql against a real server: every type, keys that change, deaths of both sides, schema changes, locks, TLS,
refusals."""

import contextlib
import random
import shutil
import time

import pytest

from lib.mirror import TYPES, Workload, create_types, failure, type_rows
from lib.sluice import run, until
from postgresql_server import PostgreSQL

SOURCE = "mysql-9.7"


@pytest.fixture
def close_later():
    with contextlib.ExitStack() as stack:
        yield stack.enter_context


@pytest.fixture
def source(shared, database):
    server = shared(SOURCE, full=True, gtid=True)
    yield server
    server.sql(f"drop database if exists {database}")


def configure(folder, source, database, target, *lines, url=None, memory="4KiB"):
    """The checkpoint is in the schema where the tables are."""
    path = folder / "sluice.yaml"
    path.write_text("\n".join([
        "name: m", "state: ./state", "source:", f"  url: {source.url}", "  start: earliest", f'tables: ["{database}.*"]',
        f"memory: {{batch_bytes: {memory}}}", "sinks:", "  out:", "    sink: postgresql", f"    url: {url or target.url()}",
        f"    schema: {database}", *(f"    {line}" for line in lines)]) + "\n")
    return path


def there(target, sql):
    try:
        return target.ask(sql)
    except RuntimeError as error:  # the table is not there yet
        return str(error)


def here(source, database, sql):
    connection = source.connect(database=database, charset="utf8mb4", conv={}, init_command="set time_zone = '+00:00', names utf8mb4")
    with connection.cursor() as cursor:
        cursor.execute(sql)
        rows = [tuple(None if v is None else v.decode() if isinstance(v, bytes) else str(v) for v in row) for row in cursor.fetchall()]
    connection.close()
    return rows


def without_zeros(row):
    """PostgreSQL shows no zeros at the end of a fraction of seconds."""
    return tuple(v.rstrip("0").rstrip(".") if v and ":" in v and "." in v else v for v in row)


def wait_until_equal(source, target, database, pairs=None):
    """pairs: statements for the source and the target that show the same."""
    pairs = pairs or [("select id, name, n, at from t order by id", f"select id, name, n, at from {database}.t order by id"),
                      ("select a, convert(b using utf8mb4), v from p order by hex(b), a", f"select a, b, v from {database}.p order by b, a")]
    for ours, theirs in pairs:
        want = [without_zeros(row) for row in here(source, database, ours)]
        until(lambda: there(target, theirs) == want, what=lambda: f"{theirs}:\n{there(target, theirs)}\nwanted\n{want}")


def shown(name, kind):
    """A column as the source and the target show it alike."""
    if kind == "point" or "blob" in kind or "binary" in kind:
        return f"hex({name})", f"upper(encode({name}, 'hex'))"
    if kind.startswith("bit"):
        return f"lpad(bin({name}), {kind[4:-1]}, '0')", name
    if kind == "year":
        return f"{name}+0", name
    if kind in ("float", "double"):  # 1e308 or 1e+308
        return f"cast({name} as char)", f"replace({name}::text, 'e+', 'e')"
    if kind.startswith("timestamp"):
        return name, f"{name} at time zone 'UTC'"
    return (f"convert({name} using utf8mb4)" if kind == "json" else name), name


def test_every_type_arrives_as_it_is(source, database, postgresql, sluice, tmp_path):
    source.sql(f"create database {database}")
    connection = source.connect(database=database, init_command="set time_zone = '+00:00', sql_mode = ''")
    with connection.cursor() as cursor:
        cursor.execute(create_types("all_types"))
        for statement in type_rows("all_types"):
            cursor.execute(statement)
        cursor.execute("create table zero (id int primary key, d date, dt datetime(2), ts timestamp null, n varchar(9))")
        cursor.execute("insert into zero values (1, 0, 0, 0, ''), (2, '2026-00-00', '2026-02-00', null, char(65, 0)), "
                       "(3, '2024-02-29', '0001-01-01', null, '')")
    connection.commit()
    connection.close()
    failure(configure(tmp_path, source, database, postgresql), "a date that no calendar has", "`impossible_dates: as_null`")
    process = sluice("run", configure(tmp_path, source, database, postgresql, "impossible_dates: as_null", "on_refusal: drop", "keyless: match"))
    zero = f"select id, d, dt, ts from {database}.zero order by id"
    until(lambda: there(postgresql, zero) == [("1", None, None, None), ("3", "2024-02-29", "0001-01-01 00:00:00", None)],
          what=lambda: there(postgresql, zero))
    process.wait_for_error("the character U+0000")
    both = [shown(name, kind) for name, (kind, _) in TYPES.items()]
    wait_until_equal(source, postgresql, database, [
        tuple(f"select id, {', '.join(side)} from {schema}all_types order by id" for side, schema in zip(zip(*both), ("", f"{database}.")))])
    source.sql(f"use {database}; {create_types('bare').replace(' primary key', '')}; insert into bare select * from all_types; "
               "insert into bare select * from all_types; delete from bare limit 1; update bare set id = -id")
    bare = "select id, count(*) from {}bare group by id order by id"
    wait_until_equal(source, postgresql, database, [(bare.format(""), bare.format(f"{database}."))])
    kinds = dict(postgresql.ask(f"select attname, format_type(atttypid, atttypmod) from pg_attribute where attrelid = '{database}.all_types'::regclass "
                                "and attnum > 0"))
    assert {name: kinds[name] for name in ("u8", "u32", "u64", "dec_", "tm", "ts", "b64", "vc", "js")} == {
        "u8": "smallint", "u32": "bigint", "u64": "numeric(20,0)", "dec_": "numeric(65,30)", "tm": "interval(6)",
        "ts": "timestamp(3) with time zone", "b64": "bit(64)", "vc": "character varying(100)", "js": "jsonb"}


def test_a_random_workload_is_mirrored_through_deaths_of_both_and_other_numbers_of_connections(source, database, sluice, tmp_path, close_later):
    seed = random.SystemRandom().randrange(1 << 31)
    print("seed", seed)
    target = close_later(PostgreSQL())
    source.sql(Workload.schema(database))
    source.sql(f"create table {database}.log (what int)")
    work = close_later(Workload(source, database, seed, changes_log=True))

    def configured():
        return configure(tmp_path, source, database, target, "keyless: match", f"connections: {work.random.choice([1, 2, 4])}", memory="16KiB")

    def restart():
        target.kill9()
        target.start()

    work.through_kills(sluice, configured(), meanwhile=restart, between=configured)
    wait_until_equal(source, target, database)
    wait_until_equal(source, target, database, [(Workload.LOG.format(""), Workload.LOG.format(f"{database}."))])


def test_a_commit_of_a_dead_process_that_is_under_way_is_waited_for(source, database, postgresql, sluice, tmp_path, close_later):
    source.sql(f"create database {database}; create table {database}.log (what int)")
    path, checkpoint = configure(tmp_path, source, database, postgresql, "keyless: append"), f"{database}.sluice_checkpoint"
    both = [("select what from log order by what", f"select what from {database}.log order by what")]
    saves = []
    for row in (1, 2):
        source.sql(f"insert into {database}.log values ({row})")
        process = sluice("run", path)
        wait_until_equal(source, postgresql, database, both)
        process.kill9()
        (position, mark, serial), = postgresql.ask(f"select position, mark, serial from {checkpoint}")
        saves.append(f"update {checkpoint} set position = '{position}', mark = '{mark}', serial = {serial}")
    shutil.rmtree(tmp_path / "state")  # so that the checkpoint at the target alone tells where to go on
    other = close_later(postgresql.connect())
    other.ask(f"begin; delete from {database}.log where what = 2; {saves[0]}; commit")
    other.ask(f"begin; insert into {database}.log values (2); {saves[1]}")
    sluice("run", path)
    time.sleep(1)  # enough for it to write, if it did not wait
    other.ask("commit")
    source.sql(f"insert into {database}.log values (3)")
    wait_until_equal(source, postgresql, database, both)


def test_several_connections_divide_rows_by_key(source, database, postgresql, sluice, tmp_path):
    source.sql(f"create database {database}; use {database}; create table t (id int primary key, v int); create table u (id int primary key, "
               "v int unique); create table log (what int); create table m (k varchar(9) primary key); create table f (k double, n int, primary key (k, n))")
    postgresql.ask(f"create schema {database}; create table {database}.u (id int primary key, v int unique); create collation {database}.any_case "
                   f"(provider = icu, locale = 'und-u-ks-level2', deterministic = false); create table {database}.m (k varchar(9) "
                   f"collate {database}.any_case primary key)")
    sluice("run", configure(tmp_path, source, database, postgresql, "keyless: append", "connections: 4", memory="1MiB"))
    until(lambda: there(postgresql, f"select count(*) from {database}.log") == [("0",)])
    with source.connect(database=database, autocommit=False) as connection, connection.cursor() as cursor:
        for i in range(0, 600, 3):
            cursor.execute(f"insert into t values ({i}, 0), ({i + 1}, 0), ({i + 2}, 0)")
            cursor.execute(f"update t set id = id + 1000, v = {i} where id = {i}")
            cursor.execute(f"delete from u where v = {i % 5}")
            cursor.execute(f"insert into u values ({i}, {i % 5})")
            cursor.execute(f"insert into log values ({i})")
            cursor.execute(f"insert into m values ('a{i}')")
            cursor.execute(f"update m set k = 'A{i}' where k = 'a{i}'")
            cursor.execute(f"insert into f values (0, {i})")
            cursor.execute(f"update f set k = -0e0 where n = {i}")
        connection.commit()
    wait_until_equal(source, postgresql, database, [
        (sql.format(""), sql.format(f"{database}.")) for sql in (
            "select * from {0}t order by id", "select * from {0}u order by id", "select count(*), sum(what) from {0}log",
            "select count(*), sum(ascii(k)) from {0}m", "select count(*), sum(n) from {0}f")])
    transactions = {table: postgresql.ask(f"select count(distinct xmin::text) from {database}.{table}") for table in "tumf"}
    assert transactions == {"t": [("4",)], "u": [("1",)], "m": [("1",)], "f": [("1",)]}


def test_schema_changes_are_carried_out(source, database, postgresql, sluice, tmp_path):
    source.sql(f"create database {database}; use {database}; create table t (id int primary key, a int, b varchar(9)); "
               "insert into t values (1, 10, 'x'), (2, 20, 'y'), (4, 40, null)")
    process = sluice("run", configure(tmp_path, source, database, postgresql))
    wait_until_equal(source, postgresql, database, [("select * from t order by id", f"select * from {database}.t order by id")])
    source.sql(f"use {database}; alter table t add column c decimal(6,2) not null default 1.5, add d timestamp null, drop a, "
               "rename column b to bb, add e text not null, add f bit(3) not null default b'101', add g binary(2) not null default 'x'; "
               "insert into t values (3, 'z', 2.25, null, 'ü', 1, 'yz'); alter table t rename to u; "
               "update u set bb = 'q' where id = 1; create table v (k varchar(5) primary key); insert into v values ('a'), ('b'); "
               "create table w (k int primary key); insert into w values (1); drop table w; truncate v; insert into v values ('c'); "
               "alter table u modify bb varchar(300), modify c decimal(8,3) null; update u set bb = repeat('w', 300) where id = 2; "
               "create table t (id int primary key); rename table t to x")
    wait_until_equal(source, postgresql, database, [
        ("select id, bb, c, d, e, lpad(bin(f), 3, '0'), hex(g) from u order by id",
         f"select id, bb, c, d, e, f, upper(encode(g, 'hex')) from {database}.u order by id"),
        ("select * from v", f"select * from {database}.v")])
    tables = f"select relname from pg_class where relnamespace = '{database}'::regnamespace and relkind = 'r' order by 1"
    until(lambda: there(postgresql, tables) == [("sluice_checkpoint",), ("u",), ("v",), ("x",)], what=lambda: there(postgresql, tables))
    source.sql(f"use {database}; alter table u modify d varchar(30)")
    process.wait_for_error(f"what the source made of the values of the column d of {database}.u cannot be told")


def test_what_the_target_cannot_take_stops_with_words_or_is_parked(source, database, postgresql, sluice, tmp_path):
    source.sql(f"create database {database}; use {database}; create table t (id int primary key, a int, u varchar(9)); "
               "insert into t values (1, 10, 'x'), (2, 20, 'x'), (3, 30, 'y')")
    path = configure(tmp_path, source, database, postgresql, "ddl: ignore")
    postgresql.ask(f"create schema {database}")

    def table(sql):
        postgresql.ask(f"set search_path to {database}; drop table if exists t; {sql}")

    table("create table t (id int primary key, a int)")
    failure(path, f"the table {database}.t of", "lacks the column u, which would be varchar(9)")
    table("create table t (id int primary key, a date, u text)")
    failure(path, f"the column a of the table {database}.t of", "is date and should be int4")
    table("create table t (id int primary key, a int, u varchar(8))")
    failure(path, "is varchar(8) and should be varchar(9)")
    table("create table t (id int, a int, u text)")
    failure(path, f"the primary key of the table {database}.t of", "is () and should be (id)")
    table("create table t (id int primary key, a numeric(10), u text unique)")
    failure(path, "duplicate key value violates unique constraint", "Key (u)=(x) already exists", "(SQLSTATE 23505)")
    path.write_text(path.read_text() + "    on_refusal: park\n")
    process = sluice("run", path)
    process.wait_for_error("parked 1 changes that the target refuses")
    rows = f"select * from {database}.t order by id"
    until(lambda: postgresql.ask(rows) == [("1", "10", "x"), ("3", "30", "y")])
    # In one batch, keys of the further index pass from row to row.
    source.sql(f"use {database}; begin; delete from t where id = 1; update t set a = 21 where id = 2; update t set a = 31, u = 'z' where id = 3; "
               "insert into t values (4, 40, 'y'); delete from t where id = 4; insert into t values (5, 50, 'y'); commit")
    until(lambda: postgresql.ask(rows) == [("3", "31", "z"), ("5", "50", "y")])
    until(lambda: run("dead", "list", path, check=False).stdout.count("waits behind") == 1)
    run("dead", "retry", path)
    until(lambda: postgresql.ask(rows) == [("2", "21", "x"), ("3", "31", "z"), ("5", "50", "y")])


def test_parts_of_rows_are_mirrored(source, database, postgresql, sluice, tmp_path):
    source.sql(f"create database {database}; use {database}; create table t (id int primary key, a int, b varchar(9), c datetime); "
               "insert into t values (1, 10, 'x', null), (2, 20, 'y', null)")
    sluice("run", configure(tmp_path, source, database, postgresql))
    both = [("select * from t order by id", f"select * from {database}.t order by id")]
    wait_until_equal(source, postgresql, database, both)
    source.sql(f"use {database}; set binlog_row_image = minimal; update t set a = 11 where id = 1; update t set id = 7, b = null where id = 2; "
               "insert into t (id, c) values (8, '2026-01-02 03:04:05'); delete from t where id = 1")
    wait_until_equal(source, postgresql, database, both)


def test_deadlocks_and_lost_connections_are_got_over(source, database, postgresql, sluice, tmp_path, close_later):
    source.sql(Workload.schema(database))
    source.sql(f"insert into {database}.t values (1, 'a', 1, null), (2, 'b', 2, null)")
    process = sluice("run", configure(tmp_path, source, database, postgresql))
    wait_until_equal(source, postgresql, database)
    other = close_later(postgresql.connect())
    other.ask("set deadlock_timeout = '20s'")  # so that it is the mirror that finds the deadlock, and is its victim
    other.ask(f"begin; select * from {database}.t where id = 2 for update")
    source.sql(f"use {database}; begin; update t set n = 11 where id = 1; update t set n = 12 where id = 2; commit")
    waiting = "select count(*) from pg_stat_activity where application_name = 'sluice' and wait_event_type = 'Lock'"
    until(lambda: postgresql.ask(waiting) == [("1",)])
    other.ask(f"update {database}.t set name = 'other' where id = 1; commit")
    process.wait_for_error("(SQLSTATE 40P01)")
    wait_until_equal(source, postgresql, database)
    work = close_later(Workload(source, database, 7))
    for _ in range(4):
        postgresql.ask("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'sluice'")
        for _ in range(20):
            work.transaction()
    process.wait_for_error("(SQLSTATE 57P01)")
    wait_until_equal(source, postgresql, database)
    assert process.process.poll() is None


def test_logins_and_tls_mean_what_they_say(source, database, postgresql, tls, sluice, tmp_path):
    source.sql(f"create database {database}; use {database}; create table t (id int primary key); insert into t values (1)")
    postgresql.ask(f"create role {database} login password 'se cret'")
    postgresql.ask(f"create schema {database} authorization {database}")

    def path(*lines, password="se%20cret", host="127.0.0.1"):
        return configure(tmp_path, source, database, postgresql, *lines,
                         url=f"postgresql://{database}:{password}@{host}:{postgresql.port}/postgres")

    failure(path(password="wrong"), "password authentication failed", "(SQLSTATE 28P01)", "check user name, password", code=2)
    failure(path("tls: verify-ca"), "certificate verify failed", "tls_ca lacks the authority that signed it", code=2)
    failure(path("tls: verify-identity", f"tls_ca: {tls.ca}", host="127.0.0.2"), "does not match host name", code=2)
    process = sluice("run", path("tls: verify-identity", f"tls_ca: {tls.ca}"))
    until(lambda: there(postgresql, f"select * from {database}.t") == [("1",)])
    assert postgresql.ask("select ssl from pg_stat_ssl join pg_stat_activity using (pid) where application_name = 'sluice' "
                          f"and usename = '{database}'") == [("t",)]
    process.close()
    source.sql(f"insert into {database}.t values (2)")
    (tmp_path / "password").write_text("se cret\n")
    sluice("run", path("tls: off", "password_file: password", password="other"))
    until(lambda: there(postgresql, f"select * from {database}.t order by id") == [("1",), ("2",)])
    postgresql.ask(f"drop owned by {database} cascade")
