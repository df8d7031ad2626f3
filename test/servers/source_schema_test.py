"""The shape of tables as it is read from the server, where the log itself names nothing (minimal row metadata)."""

import pytest

TYPES = """
    create table {db}.types (
      id bigint unsigned not null, `odd ``name "x" ü` int, small smallint unsigned, flag bit(9), price decimal(20,5) unsigned,
      ratio double(8,3), born year, day date, at datetime(3), due timestamp(6) null, span time(2), code char(3) character set latin1,
      word varchar(20) character set utf8mb4, raw varbinary(5), text_ mediumtext, blob_ tinyblob,
      mood enum('it''s','a,b','ü') character set utf8mb4, tags set('x','y z') character set utf8mb4, primary key (id, small))
"""
ROW = """
    insert into {db}.types values (18446744073709551615, -1, 65535, b'101000001', 123456789012345.67890, 1.5, 2026, '2026-01-15',
      '2026-01-15 10:30:00.123', '2026-01-15 10:30:00.123456', '-100:00:00.25', 'äö', 'Grüße 😀', x'00ff', 'long', x'01', 'a,b', 'x,y z')
"""
EXPECTED = {
    "id": 18446744073709551615, 'odd `name "x" ü': -1, "small": 65535, "price": "123456789012345.67890", "ratio": 1.5,
    "born": 2026, "day": "2026-01-15", "code": "äö", "word": "Grüße 😀", "raw": "AP8=", "text_": "long", "blob_": "AQ==",
    "mood": "a,b", "tags": "x,y z",
}


@pytest.fixture
def server(shared, kind):
    return shared(kind)


def reader(sluice, server, table):
    process = sluice("tail", server.url, "--no-ddl", "--tables", table)
    process.wait_for_error("reading ")
    return process


def test_ordinary_types(server, sluice, database):
    server.sql(f"set sql_mode=''; set time_zone='+00:00'; create database {database}; {TYPES.format(db=database)}")
    process = reader(sluice, server, f"{database}.types")
    server.sql(f"set sql_mode=''; set time_zone='+00:00'; {ROW.format(db=database)}")
    change = process.changes(1)[0]
    after = change["after"]
    assert {key: after[key] for key in EXPECTED} == EXPECTED
    assert change["key"] == {"id": 18446744073709551615, "small": 65535}
    assert (after["at"][:23].replace("T", " "), after["due"][:26].replace("T", " ")) == \
        ("2026-01-15 10:30:00.123", "2026-01-15 10:30:00.123456")
    assert after["span"].startswith("-100:00:00.25")


@pytest.mark.parametrize("kind", ["mysql-9.7", "mariadb-10.11", "mariadb-11.8"])
def test_generated_and_invisible_columns(server, sluice, database, kind):
    server.sql(f"create database {database}; create table {database}.t (id int primary key, a int invisible, "
               "b int as (id + 1) virtual, c int as (id + 2) stored, d int default (7))")
    process = reader(sluice, server, f"{database}.t")
    server.sql(f"insert into {database}.t (id, a) values (1, 5)")
    assert process.changes(1)[0]["after"] == {"id": 1, "a": 5, "b": 2, "c": 3, "d": 7}


@pytest.mark.parametrize("kind", ["mariadb-10.11", "mariadb-11.8"])
def test_system_versioned_tables(server, sluice, database, kind):
    """The period's columns are in the row events, named or not; information_schema shows the named ones only."""
    server.sql(f"create database {database}; create table {database}.t (id int primary key) with system versioning")
    server.sql(f"create table {database}.u (id int primary key, s timestamp(6) generated always as row start, "
               "e timestamp(6) generated always as row end, period for system_time (s, e)) with system versioning")
    process = reader(sluice, server, f"{database}.*")
    server.sql(f"insert into {database}.t values (1); insert into {database}.u (id) values (2)")
    hidden, named = (change["after"] for change in process.changes(2))
    assert (list(hidden), hidden["id"]) == (["id", "row_start", "row_end"], 1)
    assert (list(named), named["id"]) == (["id", "s", "e"], 2)


@pytest.mark.parametrize("kind", ["mysql-9.7"])
def test_columns_that_the_server_makes_itself(server, sluice, database, kind):
    server.sql(f"create database {database}; set sql_generate_invisible_primary_key = ON; create table {database}.t (a int); "
               f"create table {database}.f (id int primary key, a int, index ((a + 5)))")
    process = reader(sluice, server, f"{database}.*")
    server.sql(f"insert into {database}.t values (7); insert into {database}.f values (1, 2)")
    first, second = process.changes(2)
    assert (first["after"], first["key"]) == ({"my_row_id": 1, "a": 7}, {"my_row_id": 1})
    assert second["after"] == {"id": 1, "a": 2}  # the index's hidden column is not logged


@pytest.mark.parametrize("kind", ["mariadb-11.8"])
def test_types_that_only_mariadb_has(server, sluice, database, kind):
    server.sql(f"create database {database}; create table {database}.t (id int primary key, u uuid, a inet4, b inet6)")
    process = reader(sluice, server, f"{database}.t")
    server.sql(f"insert into {database}.t values (1, '123e4567-e89b-12d3-a456-426655440000', '10.1.2.3', '2001:db8::1')")
    assert process.changes(1)[0]["after"] == {"id": 1, "u": "123e4567-e89b-12d3-a456-426655440000", "a": "10.1.2.3",
                                              "b": "2001:db8::1"}


def test_the_key_of_a_table(server, sluice, database):
    """The primary key in its own order, else a unique key that is never null, else none."""
    server.sql(f"create database {database}; create table {database}.a (x int, y int, primary key (y, x)); "
               f"create table {database}.b (x int, y int not null, unique m (x), unique n (y)); "
               f"create table {database}.c (x int, unique (x)); create table {database}.d (x varchar(9) not null, unique (x(3)))")
    process = reader(sluice, server, f"{database}.*")
    for name, values in (("a", "1, 2"), ("b", "1, 2"), ("c", "1"), ("d", "'abcd'")):
        server.sql(f"insert into {database}.{name} values ({values})")
    keys = [change.get("key") for change in process.changes(4)]
    assert [list(keys[0].items()), keys[1]] == [[("y", 2), ("x", 1)], {"y": 2}]
    assert [key for key in keys[2:] if key] == []


# Made before Sluice reads, and while it does; what follows changes them while it does. What the key is then.
KEYED = [
    ("create table {t} (x int, y int not null, unique m (x), unique n (y))", "", ["y"]),
    ("create table {t} (x int not null unique, y int not null, unique b (y))", "", ["x"]),
    ("create table {t} (x int, y int not null, unique a (x), unique (y))", "alter table {t} modify x int not null", ["y"]),
    ("create table {t} (x int not null, y int, unique (x))", "alter table {t} drop index x", None),
    ("create table {t} (x int not null, y int, unique k (x))", "drop index k on {t}", None),
    ("create table {t} (x int not null, y int not null)", "create unique index k on {t} (y, x)", ["y", "x"]),
    ("create table {t} (x int not null, y int, unique (x))", "alter table {t} modify x int null", None),
    ("create table {t} (x int not null, y int, unique (x))", "alter table {t} add primary key (y)", ["y"]),
    ("create table {t} (x int, y int primary key, unique (x))", "alter table {t} drop primary key, modify x int not null", ["x"]),
    ("create table {t} (x int not null, y int not null, unique (x), unique xy (x, y))", "alter table {t} drop column x, add x int", ["y"]),
]


@pytest.mark.parametrize("full", [False, True], ids=["minimal", "full"])
def test_unique_keys_are_followed(shared, sluice, kind, database, full):
    """A table without a primary key has the same one however it was learnt: from the server, from statements, named by the log."""
    server = shared(kind, full=full)
    server.sql(f"create database {database}")
    tables = [f"{database}.{when}{number}" for when in ("old", "new") for number in range(len(KEYED))]
    for number, (made, _, _) in enumerate(KEYED):
        server.sql(made.format(t=f"{database}.old{number}"))
    process = reader(sluice, server, f"{database}.*")
    for number, (made, _, _) in enumerate(KEYED):
        server.sql(made.format(t=f"{database}.new{number}"))
    for table in tables:
        changed = KEYED[int(table.split(".")[1][3:])][1]
        server.sql(f"{changed.format(t=table)}; insert into {table} (x, y) values (1, 2)" if changed else f"insert into {table} (x, y) values (1, 2)")
    found = {f"{database}.{change['table']}": change.get("key") for change in process.changes(len(tables))}
    expected = {table: KEYED[int(table.split(".")[1][3:])][2] for table in tables}
    assert {table: key and [*key] for table, key in found.items()} == expected


def test_tables_that_come_and_change_while_it_reads(server, sluice, database):
    process = reader(sluice, server, f"{database}.*")
    server.sql(f"create database {database}; create table {database}.t (id int primary key, a int); insert into {database}.t values (1, 2); "
               f"alter table {database}.t add column b varchar(5) after id; insert into {database}.t values (2, 'x', 3); "
               f"rename table {database}.t to {database}.u; insert into {database}.u values (3, 'y', 4); "
               f"drop table {database}.u; create table {database}.t (z int); insert into {database}.t values (5)")
    changes = process.changes(4)
    assert [(change["table"], change["after"]) for change in changes] == [
        ("t", {"id": 1, "a": 2}), ("t", {"id": 2, "b": "x", "a": 3}), ("u", {"id": 3, "b": "y", "a": 4}), ("t", {"z": 5})]
