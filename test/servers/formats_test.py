"""What real servers log becomes lines that keep to docs/formats/json.schema.json, and both formats tell the same."""

import decimal
import json
import pathlib

import jsonschema
import pytest

from lib.sluice import run

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs/formats/json.schema.json").read_text())

# Column name: its declaration, the schema's definition for it, values of two rows.
COLUMNS = {
    "id": ("int primary key", "integer", ["1", "2"]),
    "tiny": ("tinyint", "integer", ["-128", "127"]),
    "big": ("bigint unsigned", "integer", ["18446744073709551615", "0"]),
    "price": ("decimal(12,2)", "decimal", ["-9999999999.99", "19.90"]),
    "wide": ("decimal(65,30)", "decimal", ["-" + "9" * 35 + "." + "9" * 30, "0.000000000000000000000000000001"]),
    "f": ("float", "real", ["0.1", "-3.5e10"]),
    "d": ("double", "real", ["2.2250738585072014e-308", "-1.5"]),
    "bits": ("bit(64)", "bit", ["b'1'", "~0"]),
    "y": ("year", "year", ["2026", "0"]),
    "c": ("char(10) character set latin1", "text", ["'Grüße'", "''"]),
    "v": ("varchar(300) character set utf8mb4", "text", ["'😀 \"quote\" \\\\ \\n'", "repeat('€', 100)"]),
    "t": ("text", "text", ["repeat('x', 40000)", "null"]),
    "bin": ("binary(4)", "bytes", ["x'00ff'", "'abcd'"]),
    "blob_": ("blob", "bytes", ["x'000102030405'", "''"]),
    "day": ("date", "date", ["'2026-01-15'", "'0000-00-00'"]),
    "at": ("datetime(3)", "datetime", ["'2026-01-15 10:30:00.123'", "'0000-00-00 00:00:00'"]),
    "stamp": ("timestamp(6) null", "timestamp", ["'2026-01-15 10:30:00.123456'", "'1970-01-01 00:00:01'"]),
    "span": ("time(2)", "time", ["'-838:59:58.99'", "'00:00:00.5'"]),
    "size": ("enum('s','l''x','€')", "enum", ["'€'", "'s'"]),
    "flags": ("set('a','b','c')", "set", ["'a,c'", "''"]),
    "place": ("geometry", "geometry", ["st_geomfromtext('point(1 2)')", "null"]),
}
MORE = {
    "mysql-9.7": {
        "doc": ("json", "value", ["json_object('a', json_array(1, 1.5e0, null), 'd', cast(1.50 as decimal(5,2)))", "'[]'"]),
        "vec": ("vector(3)", "vector", ["to_vector('[1,-2.5,3e10]')", "null"]),
    },
    "mariadb-10.11": {"u": ("uuid", "uuid", ["'00112233-4455-6677-8899-aabbccddeeff'", "null"]),
                      "ip6": ("inet6", "inet6", ["'2001:db8::1.2.3.4'", "'::ffff:1.2.3.4'"]),
                      "ip4": ("inet4", "inet4", ["'1.2.3.4'", "null"]),
                      "doc": ("json", "text", ["'{\"a\": 1}'", "null"])},
    "mysql-5.6": {},
}
MORE["mariadb-11.8"] = {**MORE["mariadb-10.11"],
                        "vec": ("vector(3)", "vector", ["vec_fromtext('[1,-2.5,3e10]')", "null"])}
# Behind all others, so that its character set is right only if every column before it was counted right.
LAST = {"final": ("varchar(10) character set latin1", "text", ["'é'", "'\u00ff'"])}


@pytest.fixture
def logged(kind, shared, database):
    """(columns, files, database): a log of this server with row and schema changes of the table all_types and another."""
    server = shared(kind, full=kind != "mysql-5.6")
    columns = {**COLUMNS, **MORE[kind], **LAST}
    first = server.binlog_position()[0]
    server.sql(f"create database {database} character set utf8mb4")
    connection = server.connect(database=database)
    cursor = connection.cursor()
    for statement in [
        "set sql_mode = '', time_zone = '+05:00', character_set_client = utf8mb4",
        "flush logs",
        f"create table all_types ({', '.join(f'`{name}` {declared}' for name, (declared, _, _) in columns.items())}) "
        "character set utf8mb4",
        f"insert into all_types values ({', '.join(values[0] for _, _, values in columns.values())})",
        f"insert into all_types values ({', '.join(values[1] for _, _, values in columns.values())})",
        "update all_types set tiny = 0, v = 'new' where id = 1",
        "begin", "update all_types set flags = 'b', day = '2026-02-28'", "delete from all_types where id = 1", "commit",
        "alter table all_types add note text",
        "insert into all_types (id, note) values (3, 'last')",
        "create table no_key (a int, b varchar(10))",
        "insert into no_key values (1, 'x'), (2, null)",
        "drop table no_key",
    ]:
        cursor.execute(statement)
    last = server.binlog_position()[0]
    connection.close()
    files = [path for path in server.binlog_files() if first < path.name <= last]
    return columns, files, database


def decoded(logged, *options):
    _, files, database = logged
    return run("decode", *files, "--tables", f"{database}.*", *options).stdout.splitlines()


def validator(schema=SCHEMA):
    return jsonschema.Draft202012Validator(schema)


def test_every_line_keeps_to_the_schema(logged):
    columns = logged[0]
    typed = {name: {"anyOf": [{"type": "null"}, {"$ref": f"#/$defs/{definition}"}]}
             for name, (_, definition, _) in columns.items()}
    row = {"type": "object", "properties": {**typed, "note": {}, "a": {}, "b": {}}, "additionalProperties": False}
    rows = validator({**SCHEMA, "$defs": {**SCHEMA["$defs"], "row": row}})
    lines = decoded(logged, "--with", "source,tx,query")
    seen = []
    for line in lines:
        change = json.loads(line)
        validator().validate(change)
        rows.validate(change)
        seen.append((change["op"], change.get("table")))
        if seen[-1] == ("insert", "all_types"):
            assert change["after"]["final"] == {1: "é", 2: "ÿ", 3: None}[change["after"]["id"]]
    expected = [("ddl", "all_types"), ("insert", "all_types"), ("insert", "all_types"), ("update", "all_types"),
                ("update", "all_types"), ("update", "all_types"), ("delete", "all_types"), ("ddl", "all_types"),
                ("insert", "all_types"), ("ddl", "no_key"), ("insert", "no_key"), ("insert", "no_key"), ("ddl", "no_key")]
    assert seen == expected


VARIANTS = {
    "flat": ("layout=flat",),
    "changed": ("layout=changed",),
    "camel": ("names=camelCase",),
    "lean": ("nulls=omit", "big_integers=string"),
    "flat_lean": ("layout=flat", "nulls=omit", "big_integers=string"),
}


def test_every_variant_keeps_to_the_schema(logged):
    plain = [json.loads(line) for line in decoded(logged, "--with", "source,tx")]
    flat = validator({"$defs": SCHEMA["$defs"], "$ref": "#/$defs/flat"})
    for name, choices in VARIANTS.items():
        options = [word for choice in choices for word in ("--set", choice)]
        lines = [json.loads(line) for line in decoded(logged, "--with", "source,tx", *options)]
        assert len(lines) == len(plain)
        for change, expected in zip(lines, plain):
            (flat if name.startswith("flat") else validator()).validate(change)
            if expected["op"] == "ddl":
                continue
            shown = expected.get("after", expected.get("before"))
            if "lean" in name:
                shown = {column: str(value) if isinstance(value, int) and abs(value) >= 2**53 else value
                         for column, value in shown.items() if value is not None}
            if name.startswith("flat"):
                assert {key: value for key, value in change.items() if not key.startswith("_")} == shown, name
                assert change["_source_pos"] == expected["source"]["pos"]
            elif name == "changed" and expected["op"] == "update":
                before, after = expected["before"], expected["after"]
                changed = {column for column in after if before[column] != after[column]}
                assert change["key"] == expected["key"]
                assert change["before"] == {column: before[column] for column in before if column in changed}
                assert change["after"] == {column: after[column] for column in after if column in changed}
            else:
                assert change.get("after", change.get("before")) == shown, name
            if name == "camel":
                assert change["source"]["serverId"] == expected["source"]["server_id"]


def test_the_schema_refuses_what_is_no_change():
    good = {"op": "update", "db": "d", "table": "t", "ts": "2026-01-15T10:30:00.123456Z", "id": "0-1-1#0",
            "key": {"a": 1}, "before": {"a": 1}, "after": {"a": 2}}
    ddl = {"op": "ddl", "db": "d", "ts": "2026-01-15T10:30:00Z", "id": "0-1-1#0", "statement": "drop table t"}
    assert validator().is_valid(good) and validator().is_valid(ddl)
    for wrong in [{**good, "op": "upsert"}, {**good, "op": "insert"}, {**good, "op": "delete"}, {**good, "op": "ddl"},
                  {**good, "more": 1}, {**good, "ts": "2026-01-15 10:30:00"}, {**good, "ts": 1768473000},
                  {**good, "id": "0-1-1"}, {**good, "id": "0-1-1#01"}, {**good, "before": None}, {**good, "key": {}},
                  {**good, "tx": {"id": "0-1-1", "index": -1}}, {**good, "source": {"file": "f"}},
                  {**ddl, "after": {}}, {**good, "statement": "x"}, {"op": "ddl"}, [], "x"]:
        assert not validator().is_valid(wrong), wrong


def as_maxwell(value, definition):
    """A value of a json line as Maxwell's format spells it."""
    if value is None or (definition == "enum" and value == ""):
        return None
    if definition == "decimal":
        return decimal.Decimal(value)
    if definition == "timestamp":
        return value.replace("T", " ").rstrip("Z")
    if definition == "set":
        return value.split(",") if value else []
    if definition == "geometry":
        return "POINT (1 2)"
    return value


def test_maxwell_tells_the_same(logged):
    columns = logged[0]
    definitions = {name: definition for name, (_, definition, _) in columns.items()}
    changes = [json.loads(line, parse_float=decimal.Decimal) for line in decoded(logged, "--no-ddl", "--with", "tx,source")]
    rows = [json.loads(line, parse_float=decimal.Decimal) for line in
            decoded(logged, "--no-ddl", "--format", "maxwell", "--set", "output_primary_keys=true", "--set",
                    "output_binlog_position=true", "--set", "output_xoffset=true")]
    assert len(changes) == len(rows) == 9
    for change, row in zip(changes, rows):
        def shown(image):
            return {name: as_maxwell(value, definitions.get(name)) for name, value in change.get(image, {}).items()}

        before, after = shown("before"), shown("after")
        assert (row["database"], row["table"], row["type"]) == (change["db"], change["table"], change["op"])
        assert row["data"] == (after or before)
        changed = {name: value for name, value in before.items() if after and after[name] != value}
        assert row.get("old", {}) == changed
        assert row["primary_key"] == list(change.get("key", {}).values())
        assert row["position"] == f"{change['source']['file']}:{change['source']['pos']}"
        assert row.get("commit", False) == change["tx"].get("last", False)
        assert row.get("xoffset", change["tx"]["index"]) == change["tx"]["index"]


def test_maxwell_shows_schema_changes_when_asked(logged):
    rows = [json.loads(line) for line in decoded(logged, "--format", "maxwell", "--set", "output_ddl=true")]
    ddl = [(row["type"], row.get("table"), row["ts"] > 1e12) for row in rows if "sql" in row]
    assert ddl == [("table-create", "all_types", True), ("table-alter", "all_types", True),
                   ("table-create", "no_key", True), ("table-drop", "no_key", True)]
    create, alter, other, drop = [row for row in rows if "sql" in row]
    assert "old" not in create and "old" not in drop and "def" not in drop
    names = list(logged[0])
    assert [column["name"] for column in create["def"]["columns"]] == names
    assert alter["old"] == create["def"]  # the log's own statements tell the shape, without any server
    assert alter["def"] == {**create["def"], "columns": [*create["def"]["columns"],
                                                         {"type": "text", "name": "note", "charset": "utf8mb4"}]}
    assert create["def"]["primary-key"] == ["id"] and create["def"]["charset"] == "utf8mb4"
    # What a table inherits of its database is told by a statement that these files lack.
    assert other["def"]["columns"] == [{"type": "int", "name": "a", "signed": True}, {"type": "varchar", "name": "b"}]
    assert not any("sql" in json.loads(line) for line in decoded(logged, "--format", "maxwell"))
