"""The sink clickhouse against real servers of old and of now: rows kept in step through deaths of both, types, bounds, schema changes."""

import contextlib

import pymysql
import pytest

from clickhouse_server import CURRENT, OLD, PASSWORD, VERSIONS, ClickHouse
from lib.http_target import Target, reply
from lib.one_sink import pipeline, stays_equal
from lib.sluice import run, until

MINE = ("_version", "_deleted")


def configure(folder, server, database, house, *lines):
    """house: a ClickHouse, or the URL of something that is taken for an old one."""
    url, version = (house, OLD) if isinstance(house, str) else (house.url, house.version)
    return pipeline(folder, server, database, "sink: clickhouse", f"url: {url}", *(["types: basic"] if version == OLD else []), *lines,
                    ddl=True, memory="16KiB")


def rows(house, table, order="id"):
    """Those that are not deleted, without the mirror's own columns; none where there is no table."""
    try:
        found = house.rows(f"SELECT * FROM {table} FINAL WHERE _deleted = 0 ORDER BY {order}")
    except OSError as fault:
        if "Code: 60" in str(fault) or "Code: 81" in str(fault):
            return []
        raise
    return [{name: value for name, value in row.items() if name not in MINE} for row in found]


def source_rows(server, table):
    with contextlib.closing(server.connect()) as connection, connection.cursor(pymysql.cursors.DictCursor) as cursor:
        cursor.execute(f"select * from {table} order by id")
        return list(cursor.fetchall())


def dead(path):
    return run("dead", "list", path, check=False).stdout


def test_rows_hold_what_the_rows_hold(server, database, clickhouse, sluice, tmp_path):
    server.sql(f"""create table {database}.`Odd.Na``me` (id int primary key, t tinyint unsigned not null, big bigint, f float, x double, d decimal(9,2),
                   e decimal(30,10) not null, huge decimal(65,30), day date, at datetime, fine datetime(6), ts timestamp null, tm time, en enum('a','b'), s set('x','y'),
                   j json, b varbinary(9), g geometry, txt text, y year, bits bit(10))""")
    server.sql(f"""insert into {database}.`Odd.Na``me` values (-1, 255, -9223372036854775808, 1.5, -2.25, -1234567.89, -12345678901234567890.0123456789, -12345678901234567890123456789012345.123456789012345678901234567891,
                   '2026-02-28', '2026-02-28 23:59:59', '2026-02-28 23:59:59.123456', '2026-01-15 10:30:00', '-838:59:59', 'b', 'x,y',
                   '{{"a": [1, null]}}', x'41ff', st_geomfromtext('POINT(1 2)'), 'ö "quoted" 🙂', 2026, b'1000000001'),
                   (2, 0, null, null, null, null, 0, null, null, null, null, null, null, null, null, null, null, null, null, null, null)""")
    current = clickhouse.version == CURRENT
    process = sluice("run", configure(tmp_path, server, database, clickhouse, f"low_cardinality: {str(current).lower()}"))
    table = f"{database}.`Odd_Na\\`me`"
    until(lambda: len(rows(clickhouse, table)) == 2)
    first, second = clickhouse.rows(f"SELECT *, toString(d) AS d, toString(e) AS e, toString(huge) AS huge, hex(b) AS b FROM {table} ORDER BY id")
    # A present server says `table.d` of a column whose name is given to something else, too.
    assert {name: value for name, value in first.items() if name not in MINE and "." not in name} == {
        "id": -1, "t": 255, "big": "-9223372036854775808", "f": 1.5, "x": -2.25, "d": "-1234567.89", "e": "-12345678901234567890.0123456789",
        "huge": "-12345678901234567890123456789012345.123456789012345678901234567891", "day": "2026-02-28", "at": "2026-02-28 23:59:59", "fine": "2026-02-28 23:59:59.123456",
        "ts": "2026-01-15 10:30:00", "tm": "-838:59:59", "en": "b", "s": "x,y", "j": '{"a": [1, null]}', "b": "41FF", "g": "POINT (1 2)",
        "txt": 'ö "quoted" 🙂', "y": 2026, "bits": "513"}
    assert all(second[name] is None for name in ("big", "f", "x", "d", "huge", "day", "at", "fine", "ts", "tm", "en", "s", "j", "b", "g", "txt", "y", "bits"))
    assert int(first["_version"]) < int(second["_version"]) and first["_deleted"] == 0
    types = {row["name"]: row["type"] for row in clickhouse.rows(f"SELECT name, type FROM system.columns WHERE database = '{database}'")}
    assert [types[name] for name in ("day", "at", "fine", "huge", "en")] == (
        ["Nullable(Date32)", "Nullable(DateTime64(0, 'UTC'))", "Nullable(DateTime64(6, 'UTC'))", "Nullable(Decimal(65, 30))", "LowCardinality(Nullable(String))"]
        if current else ["Nullable(Date)", "Nullable(DateTime)", *["Nullable(String)"] * 3])
    # Met again, the table is as it must be: the server spells the types as Sluice does.
    process.terminate()
    server.sql(f"insert into {database}.`Odd.Na``me` (id, t, e, huge) values (3, 1, 1, 0.5)")
    sluice("run", configure(tmp_path, server, database, clickhouse, f"low_cardinality: {str(current).lower()}", "ddl: ignore"))
    until(lambda: len(rows(clickhouse, table)) == 3)
    assert clickhouse.ask(f"SELECT toString(huge) FROM {table} WHERE id = 3").rstrip("0\n") == "0.5"


@pytest.mark.parametrize("clickhouse", [CURRENT], indirect=True)
def test_addresses_are_addresses(shared, database, clickhouse, sluice, tmp_path):
    server = shared("mariadb-10.11", full=True)
    server.sql(f"""create database {database}; create table {database}.t (id inet6 primary key, four inet4, six inet6);
                   insert into {database}.t values ('2001:db8::ff', '10.0.0.1', '::1'), ('::', null, null); delete from {database}.t where id = '::'""")
    sluice("run", configure(tmp_path, server, database, clickhouse))
    until(lambda: rows(clickhouse, f"{database}.t") == [{"id": "2001:db8::ff", "four": "10.0.0.1", "six": "::1"}])
    # The engine knows which column marks what is deleted, and shows it to nobody who reads FINAL.
    assert clickhouse.ask(f"SELECT count(), sum(_deleted) FROM {database}.t") == "2\t1\n"
    assert clickhouse.ask(f"SELECT count() FROM {database}.t FINAL") == "1\n"
    server.sql(f"drop database {database}")


def test_dates_that_no_type_holds_are_refused_or_null_and_never_another_date(server, database, clickhouse, sluice, tmp_path):
    before, first, last, behind, digits, part, of_day = {
        OLD: ("1970-01-01", "1970-01-02", "2105-12-31", "2106-01-01", "", "", "Date"),
        CURRENT: ("1899-12-31", "1900-01-01", "2299-12-31", "2300-01-01", "(6)", ".999999", "Date32")}[clickhouse.version]
    zero = part.replace("9", "0")
    server.sql(f"set sql_mode = ''; create table {database}.t (id int primary key, day date, at datetime{digits}); create table {database}.nokey (v int);"
               f"insert into {database}.t values (1, '{before}', null), (2, '{behind}', null), (3, '0000-00-00', null), (4, '2026-00-01', null),"
               f"(5, null, '{before} 23:59:59{part}'), (6, null, '9999-12-31 00:00:00'), (7, '{first}', '{last} 23:59:59{part}'),"
               f"(8, '{last}', '{first} 00:00:00'); insert into {database}.nokey values (1)")
    path = configure(tmp_path, server, database, clickhouse, "on_refusal: park")
    process = sluice("run", path)
    kept = [{"id": 7, "day": first, "at": f"{last} 23:59:59{part}"}, {"id": 8, "day": last, "at": f"{first} 00:00:00{zero}"}]
    until(lambda: rows(clickhouse, f"{database}.t") == kept)
    until(lambda: dead(path).count("refused: ") == 7)
    told = dead(path)
    assert f"day is {behind}, which Nullable({of_day}) does not hold" in told and "no primary key" in told
    process.terminate()
    clickhouse.ask(f"TRUNCATE TABLE {database}.t")
    other = tmp_path / "null"
    other.mkdir()
    sluice("run", configure(other, server, database, clickhouse, "on_refusal: drop", "out_of_range: as_null"))
    until(lambda: len(rows(clickhouse, f"{database}.t")) == 8)
    assert rows(clickhouse, f"{database}.t")[:6] == [{"id": i, "day": None, "at": None} for i in range(1, 7)]


def test_columns_come_and_go_as_ddl_says(server, database, clickhouse, sluice, tmp_path):
    server.sql(f"create table {database}.t (id int primary key, a int, b int); insert into {database}.t values (1, 1, 1)")
    # All of it in one batch, too.
    server.sql(f"create table {database}.o (id int primary key, a int); insert into {database}.o values (1, 1); alter table {database}.o add b int first;"
               f"insert into {database}.o values (20, 2, 2); alter table {database}.o drop a; insert into {database}.o values (30, 3)")
    path = configure(tmp_path, server, database, clickhouse, "on_refusal: park", "few_rows: 0")
    process = sluice("run", path)
    until(lambda: rows(clickhouse, f"{database}.o") == [{"id": 1, "b": None}, {"id": 2, "b": 20}, {"id": 3, "b": 30}])
    until(lambda: rows(clickhouse, f"{database}.t"))
    server.sql(f"alter table {database}.t add c varchar(9); insert into {database}.t values (2, 2, 2, 'two');"
               f"alter table {database}.t drop b, modify a bigint; insert into {database}.t values (3, 3, 'three')")
    until(lambda: len(rows(clickhouse, f"{database}.t")) == 3)
    assert rows(clickhouse, f"{database}.t") == [{"id": 1, "a": "1", "c": None}, {"id": 2, "a": "2", "c": "two"}, {"id": 3, "a": "3", "c": "three"}]
    server.sql(f"alter table {database}.t rename column a to z")
    if clickhouse.version == OLD:  # which cannot rename columns
        until(lambda: "RENAME COLUMN" in dead(path))
    else:
        until(lambda: rows(clickhouse, f"{database}.t")[0] == {"id": 1, "z": "1", "c": None})
    process.terminate()
    run("dead", "drop", path, "--all", check=False)
    # Without ddl: apply a column that lacks is said, and nothing changes.
    server.sql(f"create table {database}.u (id int primary key, a int)")
    clickhouse.ask(f"CREATE TABLE {database}.u (id Int32, _version UInt64, _deleted UInt8) ENGINE = ReplacingMergeTree(_version) ORDER BY id")
    clickhouse.ask(f"CREATE TABLE {database}.v (id Int32, _version UInt64, _deleted UInt8) ENGINE = MergeTree ORDER BY id")
    clickhouse.ask(f"CREATE TABLE {database}.w (id Int32, a Nullable(Int32), _version UInt64, _deleted UInt8) ENGINE = ReplacingMergeTree(_version) ORDER BY _deleted")
    server.sql(f"create table {database}.v (id int primary key); create table {database}.w (id int primary key, a int); insert into {database}.u values (1, 1);"
               f"insert into {database}.v values (1); insert into {database}.w values (1, 1)")
    other = tmp_path / "ignore"
    other.mkdir()
    path = configure(other, server, database, clickhouse, "on_refusal: park", "ddl: ignore", f'tables: ["{database}.u", "{database}.v", "{database}.w"]')
    sluice("run", path)
    until(lambda: dead(path).count("refused: ") >= 3)
    told = dead(path)
    assert "lacks the column `a`" in told and "is a MergeTree" in told and "sorted by" in told
    assert clickhouse.rows(f"SELECT count() AS n FROM {database}.u") == [{"n": "0"}]


@pytest.mark.parametrize("version", VERSIONS)
def test_too_many_parts_are_waited_for(server, database, sluice, tmp_path, version):
    """The server takes the rows once it has merged."""
    server.sql(f"create table {database}.t (id int primary key)")
    login = ["user: shop", f'password: "{PASSWORD}"'] if version == OLD else []
    with ClickHouse(version) as house:
        house.ask(f"CREATE DATABASE {database}")
        house.ask(f"CREATE TABLE {database}.t (id Int32, _version UInt64, _deleted UInt8) ENGINE = ReplacingMergeTree(_version) ORDER BY id "
                  "SETTINGS parts_to_throw_insert = 3, parts_to_delay_insert = 3")
        house.ask("SYSTEM STOP MERGES")
        process = sluice("run", configure(tmp_path, server, database, house, "few_rows: 0", *login))
        for i in range(8):
            server.sql(f"insert into {database}.t values ({i})")
            until(lambda: i >= 3 or len(rows(house, f"{database}.t")) == i + 1)  # noqa: B023; a part each
        process.wait_for_error("Code: 252")
        house.ask("SYSTEM START MERGES")

        def merged():  # the server merges parts as small as these in its own time
            house.ask(f"OPTIMIZE TABLE {database}.t")
            return rows(house, f"{database}.t") == [{"id": i} for i in range(8)]

        until(merged)


def test_faults_are_told_apart(server, database, sluice, tmp_path):
    """A row that is refused is found by halves; a login, an answer that is none and a full server are tried again."""
    server.sql(f"create table {database}.t (id int primary key); insert into {database}.t values (1), (2), (3)")
    inserts = []

    def decide(request):
        if b"version()" in request.body:
            return reply(200, b"18.16.1\n")
        if "query=INSERT" not in request.target:
            return reply(200)
        inserts.append(request.body)
        if len(inserts) < 4:
            return [reply(500, b"Code: 516, e.displayText() = DB::Exception: no such user"), reply(503, b"x" * (20 << 20)),
                    b"HTTP/1.1 200"][len(inserts) - 1]
        return reply(400, b"Code: 117, e.displayText() = DB::Exception: Incorrect data") if b"\x02\0\0\0" in request.body else reply(200)

    with Target(decide=decide) as target:
        path = configure(tmp_path, server, database, target.url, "on_refusal: park", "few_rows: 0", "timeout: 3s")
        sluice("run", path)
        until(lambda: "Code: 117" in dead(path))
        taken = [body for body in inserts if b"\x02\0\0\0" not in body]
        until(lambda: sorted(body[0] for body in taken) == [1, 3])


@pytest.mark.parametrize("clickhouse", [CURRENT], indirect=True)
def test_a_row_that_a_constraint_forbids_is_found_among_the_others(server, database, clickhouse, sluice, tmp_path):
    clickhouse.ask(f"CREATE DATABASE {database}")
    clickhouse.ask(f"CREATE TABLE {database}.t (id Int32, _version UInt64, _deleted UInt8, CONSTRAINT odd CHECK id != 22) "
                   "ENGINE = ReplacingMergeTree(_version, _deleted) ORDER BY id")
    server.sql(f"create table {database}.t (id int primary key); insert into {database}.t values {','.join(f'({i})' for i in range(40))}")
    path = configure(tmp_path, server, database, clickhouse, "on_refusal: park")
    sluice("run", path)
    until(lambda: rows(clickhouse, f"{database}.t") == [{"id": i} for i in range(40) if i != 22])
    until(lambda: dead(path).count("refused: ") == 1)
    assert "Code: 469" in dead(path)


@pytest.mark.parametrize("lines,reason", [
    (["format: json"], "messages of its own"), (["version_column: _deleted"], "need two names"), (['deleted_column: ""'], "expected a name"),
    (["ddl: maybe"], "apply"), (["interval: 1ms"], "interval"), (["password: x"], "needs a user"), (['table: "{tabel}"'], "is not known"),
], ids=lambda value: str(value)[:30])
def test_wrong_options_are_named_with_their_line(server, database, tmp_path, lines, reason):
    done = run("check", configure(tmp_path, server, database, "http://127.0.0.1:8123", *lines), check=False)
    assert done.returncode == 2 and reason in done.stderr and "sluice.yaml:13" in done.stderr, done.stderr


@pytest.mark.parametrize("version", [b"18.16.1", b"22.8.21.38", b"23.1.6.42"])
def test_types_that_the_server_lacks_are_named_at_the_start(server, database, tmp_path, version):
    with Target(decide=lambda _: reply(200, version + b"\n")) as target:
        path = configure(tmp_path, server, database, target.url)
        path.write_text(path.read_text().replace("types: basic", "types: current"))
        done = run("run", path, check=False)
    assert done.returncode == 1 and f"ClickHouse {version.decode()} lacks" in done.stderr and "say types: basic" in done.stderr


@pytest.mark.parametrize("version", VERSIONS)
def test_target_equals_source_through_deaths_truncation_and_schema_changes(server, database, sluice, tmp_path, version):
    with ClickHouse(version) as house:
        path = configure(tmp_path, server, database, house, "interval: 100ms")
        stays_equal(server, database, sluice, path, house, 90, lambda table: source_rows(server, f"{database}.{table}"),
                    lambda table: rows(house, f"{database}.{table}"))
