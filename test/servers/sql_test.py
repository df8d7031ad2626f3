"""The format sql: redo makes the same tables of nothing, undo in reverse gives the tables as they were before."""

import ast

import pymysql
import pytest

from formats_test import COLUMNS, LAST, MORE
from lib.sluice import run

# Column name: its declaration, values of two rows.
ODD = {
    "minus_zero": ("double", ["-0e0", "0"]),
    "tiniest": ("double", ["5e-324", "1.7976931348623157e308"]),
    "single": ("float", ["1.17549e-38", "3.40282e38"]),
    "slashes": ("varchar(60) character set utf8mb4", ["'it''s a \\\\ \\'\\n\\r\\t\\0 \\Z'", "'''; drop table t; -- '"]),
    "emoji": ("text character set utf8mb4", ["'O''Brien 😀'", "'\\u2028'"]),
    "cyrillic": ("varchar(20) character set cp1251", ["_cp1251 x'ef98f0'", "_cp1251 x'98'"]),
    "japanese": ("varchar(20) character set sjis", ["'日本'", "'ー\\\\'"]),
    "utf16_": ("varchar(20) character set utf16", ["'é😀'", "''"]),
    "nothing": ("blob", ["''", "repeat(x'00', 1000)"]),
    "fixed": ("binary(8)", ["x'0100'", "x'ff'"]),
    "late": ("timestamp null", ["'2026-10-25 01:30:00'", "'0000-00-00 00:00:00'"]),
    "never": ("date", ["'2026-02-31'", "'0000-00-00'"]),
    "nines": ("decimal(65,0)", ["-" + "9" * 65, "0"]),
    "no_label": ("enum('a','1','')", ["'wrong'", "'1'"]),
    "none": ("set('a','b')", ["''", "'a,b'"]),
    "`od``d name`": ("int", ["1", "null"]),
    "touched": ("timestamp(6) not null default current_timestamp(6) on update current_timestamp(6)", ["default", "'2001-01-01 00:00:00'"]),
}
MORE_ODD = {"mysql-9.7": {"typed": ("json", ["json_object('at', cast('2026-01-15 10:30:00' as datetime), 'price', 1.50, 'b', x'ff', "
                                            "'s', 'a\"b\\\\c\\n', 'r', 1.0e0, 'n', null)", "json_array(cast('2026-01-15' as date))"])}}
SETUP = "set sql_mode = 'allow_invalid_dates', time_zone = '+05:00', character_set_client = utf8mb4, character_set_connection = utf8mb4"
APPLYING = "set names utf8mb4, sql_mode = 'allow_invalid_dates', time_zone = '+00:00', foreign_key_checks = 0"


def tables(kind):
    every = {**{name: (declared, values) for name, (declared, _, values) in {**COLUMNS, **MORE.get(kind, {})}.items()}, **ODD,
             **MORE_ODD.get(kind, {}), **{name: (declared, values) for name, (declared, _, values) in LAST.items()}}
    keyless = {name: (declared.replace(" primary key", ""), values) for name, (declared, values) in every.items()}
    return {"keyed": every, "key`less": keyless}


def insert(name, columns, row):
    values = ", ".join(values[row] for _, values in columns.values())
    return f"insert into `{name.replace('`', '``')}` ({', '.join(columns)}) values ({values})"


def create(name, columns, more=""):
    return (f"create table `{name.replace('`', '``')}` ({', '.join(f'{column} {declared}' for column, (declared, _) in columns.items())}"
            f"{more}) character set utf8mb4 collate utf8mb4_general_ci")


def execute(server, statements, setup, **more):
    with server.connect(charset="utf8mb4", client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS, **more) as connection:
        with connection.cursor() as cursor:
            cursor.execute(setup)
            for statement in statements:
                try:
                    cursor.execute(statement)
                    while cursor.nextset():
                        pass
                except pymysql.MySQLError as problem:
                    raise AssertionError(f"{problem}\nin {statement[:2000]}") from problem
        connection.commit()


def shown(name, declared):
    """An expression that shows a column's value exactly. CHECKSUM TABLE does so, too, but says nothing of what differs."""
    quoted = "`" + name.replace("`", "``") + "`"
    if declared.startswith(("float", "double")):
        return f"concat({quoted} * 1e0, '')"
    if declared == "json":  # the types of values within a document, where the server keeps them
        return f"concat_ws(' ', {quoted}, json_type({quoted}), json_type({quoted}->'$.at'), json_type({quoted}->'$.price'), json_type({quoted}->'$[0]'))"
    return f"hex(concat({quoted}, ''))" if not declared.startswith(("geometry", "vector")) else f"hex({quoted})"


def content(server, database):
    """What is in its tables, in no order: a checksum of each, and every row."""
    found = {}
    with server.connect(database=database, charset="utf8mb4") as connection, connection.cursor() as cursor:
        cursor.execute("set time_zone = '+00:00', names utf8mb4")
        cursor.execute("show tables")
        for (name,) in cursor.fetchall():
            quoted = "`" + name.replace("`", "``") + "`"
            cursor.execute(f"checksum table {quoted}")
            checksum = cursor.fetchone()[1]
            cursor.execute(f"show columns from {quoted}")
            columns = [(row[0], row[1]) for row in cursor.fetchall()]
            cursor.execute(f"select {', '.join(shown(*column) for column in columns)} from {quoted}")
            found[name] = checksum, sorted(str(dict(zip(columns, row))) for row in cursor.fetchall())
    return found


def expect_same(found, expected):
    assert found.keys() == expected.keys()
    for name, (checksum, rows) in expected.items():
        for row, wanted in zip(found[name][1], rows, strict=True):
            differing = [(a, b) for a, b in zip(ast.literal_eval(row).items(), ast.literal_eval(wanted).items()) if a != b]
            assert not differing, f"in {name}"
        assert found[name][0] == checksum, f"the rows of {name} look the same"


def statements(files, source, target, *options):
    lines = run("decode", *files, "--tables", f"{source}.*", "--format", "sql", *options).stdout.splitlines()
    return [line.replace(f"`{source}`", f"`{target}`") for line in lines]


@pytest.mark.parametrize("kind", ["mariadb-10.11", "mariadb-11.8", "mysql-9.7"])
def test_redo_and_undo(kind, shared, database):
    server = shared(kind, full=True)
    server.sql(f"create database {database}; create database {database}_copy")
    copy = f"{database}_copy"
    shapes = tables(kind)
    same = {"a": ("varchar(10)", ["'x'", "'X'"]), "f": ("float", ["0.1", "0.1"]), "d": ("double", ["0.1", "0.1"])}
    execute(server, ["flush logs", *(create(name, columns) for name, columns in shapes.items()), create("same", same),
                     # Made and dropped again, on several lines, with what looks like the end of a statement.
                     "create table gone ( -- a comment; here\n  a int, # and 'here'\n  b varchar(10) default 'a\n;b')",
                     "insert into gone (a) values (1)", "drop table gone",
                     *(insert(name, columns, row) for name, columns in shapes.items() for row in (0, 1)),
                     *[insert("same", same, row) for row in (0, 1, 0)], "insert into same values ('x ', 0.1, 0.1)"],
            SETUP, database=database)
    before = content(server, database)
    execute(server, ["flush logs", "begin",
                     "update keyed set id = id + 10, touched = touched, v = 'other', slashes = concat(slashes, '\\\\'), bits = 5",
                     "delete from keyed where id = 11",
                     *["update `key``less` set id = id + 10, f = f * 2, final = 'z', blob_ = null", "delete from `key``less` where id = 12"],
                     "delete from same where a = 'x' and binary a = 'x' limit 1", "update same set a = 'y' where binary a = 'x '",
                     insert("keyed", shapes["keyed"], 0), insert("key`less", shapes["key`less"], 0), "commit"], SETUP, database=database)
    after = content(server, database)
    files = server.binlog_files()[-2:]
    # Other tests write this log, too.
    redo = statements(files, database, copy)
    assert not any(line.startswith("SIGNAL") for line in redo)
    execute(server, redo, APPLYING)
    assert {name: len(rows) for name, (_, rows) in after.items()} == {"keyed": 2, "key`less": 2, "same": 3}
    expect_same(content(server, copy), after)
    undo = statements(files[-1:], database, copy, "--set", "direction=undo", "--no-ddl")
    execute(server, reversed(undo), APPLYING)
    expect_same(content(server, copy), before)
