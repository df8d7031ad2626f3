#!/usr/bin/env python3
"""Makes the expected messages of this folder anew: test/cases/canal/make.py [PART-OF-A-CASE'S-NAME…]

A case is one of test/cases/binlog under its name. Its expected.jsonl there, whose values the server bore out, is turned into what
canal's rules (docs/formats/canal.md) make of it, by this script alone: expected.jsonl as the format is by default, strict.jsonl as
with `strict: true` in the time zone Asia/Kolkata. Types of columns and keys are asked of a server. Schema changes are left out, and
`es` and `ts`, which the lines do not hold.
"""

import base64
import datetime
import decimal
import json
import pathlib
import re
import sys
import zoneinfo

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
BINLOG = HERE.parent / "binlog"
sys.path[:0] = [str(ROOT / "tools"), str(BINLOG)]
from record import START, statements  # noqa: E402
from server import Server  # noqa: E402

CASES = {"mysql-9.7-types-schema": "types", "mysql-5.6-types-schema": "types", "mariadb-11.8-types-schema": "types",
         "mysql-9.7-json": "json", "mysql-9.7-partial-json": "partial_json", "mysql-9.7-own-types": "own_types",
         "mariadb-11.8-own-types": "own_types", "mysql-9.7-image-minimal": "images", "mariadb-10.11-image-noblob": "images"}
ZONE = zoneinfo.ZoneInfo("Asia/Kolkata")

# The lines show JSON's null like SQL's: (case, column, id) where it is the former, all through the case.
JSON_NULLS = {("mysql-9.7-json", "k", "1"), ("mysql-9.7-partial-json", "k", "3")}

SIGNED = {"tinyint": -6, "smallint": 5, "mediumint": 4, "int": 4, "bigint": -5}
UNSIGNED = {"tinyint": 5, "smallint": 4, "mediumint": 4, "int": -5, "bigint": 3}
BITS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}
OTHERS = {"float": 7, "double": 8, "decimal": 3, "bit": -7, "year": 12, "date": 91, "time": 92, "datetime": 93, "timestamp": 93,
          "char": 1, "varchar": 12, "tinytext": 2005, "text": 2005, "mediumtext": 2005, "longtext": 2005, "enum": 1, "set": 1,
          "json": 12, "vector": 12, "uuid": 1, "inet4": 1, "inet6": 1}


class Number(str):
    """A number as the line spells it."""


def read(line):
    return json.loads(line, parse_int=Number, parse_float=Number)


def members(declared):
    return [m.replace("''", "'") for m in re.findall(r"'((?:[^']|'')*)'", declared)]


def java(text):
    """Double.toString: the digits are given, how they are set out is not."""
    value = decimal.Decimal(text)
    sign = "-" if value.is_signed() else ""
    value = abs(value)
    if value == 0:
        return sign + "0.0"
    digits = "".join(map(str, value.as_tuple().digits)).rstrip("0")
    point = value.adjusted() + 1
    if decimal.Decimal("0.001") <= value < 10_000_000:
        whole = digits[:point].ljust(point, "0") if point > 0 else "0"
        rest = digits[point:] if point > 0 else "0" * -point + digits
        return f"{sign}{whole}.{rest or '0'}"
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{point - 1}"


def spaced(value):
    """A document as the server shows it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k, ensure_ascii=False)}: {spaced(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(spaced, value)) + "]"
    return value if isinstance(value, Number) else json.dumps(value, ensure_ascii=False)


def compact(value):
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k, ensure_ascii=False)}:{compact(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(compact, value)) + "]"
    return value if isinstance(value, Number) else json.dumps(value, ensure_ascii=False)


def expression(column, steps):
    """The steps from the innermost function outwards."""
    text, last = "@" + column, None
    for step in steps:
        if last and step["op"] != last:
            text += ")"
        if step["op"] != last:
            text = f"JSON_{step['op'].upper()}(" + text
        text += ", '" + step["path"].replace("'", "''") + "'"
        if step["op"] != "remove":
            text += ", " + compact(step["value"])
        last = step["op"]
    return text + ")"


def timestamp(text, strict):
    if text.startswith("0000"):
        return text
    text = text.removesuffix("Z").replace("T", " ")
    if not strict:
        return text
    whole, dot, fraction = text.partition(".")
    moment = datetime.datetime.fromisoformat(whole + "+00:00").astimezone(ZONE)
    return moment.strftime("%Y-%m-%d %H:%M:%S") + dot + fraction


def text_of(value, declared, strict):
    kind = re.match(r"\w+", declared)[0]
    if value is None:
        return None
    if kind == "year":
        return value.zfill(4)
    if kind in ("float", "double"):
        return java(value)
    if kind == "timestamp":
        return timestamp(value, strict)
    if kind in ("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"):
        return base64.b64decode(value).decode("latin-1")
    if kind == "enum" and strict:
        known = members(declared)
        return str(known.index(value) + 1 if value in known else 0)
    if kind == "set" and strict:
        known = members(declared)
        return str(sum(1 << known.index(m) for m in value.split(",") if value))
    if kind == "json":
        return spaced(value)
    if isinstance(value, dict) and "wkb" in value:
        return (int(value["srid"]).to_bytes(4, "little") + base64.b64decode(value["wkb"])).decode("latin-1")
    if kind == "vector":
        return "[" + ",".join(value) + "]"
    return str(value)


def sql_type(value, declared, strict):
    kind = re.match(r"\w+", declared)[0]
    if kind in SIGNED:
        large = "unsigned" in declared
        if strict and large:
            large = value is not None and int(value) >= 1 << BITS[kind] - 1
        return (UNSIGNED if large else SIGNED)[kind]
    if strict and kind == "enum":
        return 4
    if strict and kind == "set":
        return 2004 if value is None else -7
    if strict and kind == "json" and value is None:
        return 1111
    return OTHERS.get(kind, 2004)


def row_of(change, strict):
    """The values that `data` has of it, by column; of a partial update an expression."""
    before, after = change.get("before", {}), change.get("after")
    if after is None:
        return dict(before)
    row = dict(after)
    for column, steps in change.get("patch", {}).items():
        row[column] = expression(column, steps)
    return row if strict else {**before, **row}


def message(case, changes, shape, strict):
    first = changes[0]
    types, key = shape[first["db"], first["table"]]
    op = first["op"]
    rows = [row_of(change, strict) for change in changes]
    names = [name for name in types if name in rows[0]]

    def shown(name, value, row):
        if value is None and (case, name, row.get("id")) in JSON_NULLS:
            return "null"
        is_patch = isinstance(value, str) and value.startswith("JSON_") and types[name] == "json"
        return value if is_patch else text_of(value, types[name], strict)

    data = [{name: shown(name, row[name], row) for name in names} for row in rows]
    old, touched = [], set()
    for change in changes:
        before, after = change.get("before", {}), {**change.get("after", {}), **change.get("patch", {})}
        updated = {c for c in after if c in before and before[c] != after[c]}
        if strict:
            updated |= {c for c in after if c not in before}
            touched |= updated
            updated = touched
        old.append({c: shown(c, before[c], before) for c in types if c in before and c in updated})
    file, position = first["source"]["file"], int(first["source"]["pos"])
    if strict:
        key = [name for name in types if name in key]
    return {
        "data": data, "database": first["db"], "gtid": "" if strict else first["source"].get("gtid", ""),
        "id": int(file.rpartition(".")[2]) << 33 | position, "isDdl": False,
        "mysqlType": {name: types[name] for name in names}, "old": old if op == "update" else None, "pkNames": key or None,
        "sql": "", "sqlType": {name: sql_type(shown(name, rows[-1][name], rows[-1]), types[name], strict) for name in names}, "table": first["table"],
        "type": op.upper()}


def as_told(declared, case):
    """The type as the reader knows it: from schema.sql without the width that this server adds to an integer; and with the
    characters beyond U+FFFF that information_schema shows as a question mark."""
    if case.endswith("-schema") and "zerofill" not in declared and declared != "tinyint(1)":
        declared = re.sub(r"^(\w*int|year)\(\d+\)", r"\1", declared)
    return declared.replace("grüße?", "grüße😀")


def shapes(name, sql):
    """(database, table): (declared type of each column in order, columns of the primary key in its order)"""
    server_name = name.removesuffix("-" + "-".join(name.split("-")[2:]))
    found = {}
    with Server(server_name) as server:
        connection = server.connect()
        cursor = connection.cursor()
        for statement in statements((BINLOG / "sql" / f"{sql}.sql").read_text(), server_name):
            if statement != START and statement.split()[0].lower() in ("create", "use", "set"):
                cursor.execute(statement)
        cursor.execute("select table_schema, table_name, column_name, column_type from information_schema.columns "
                       "where table_schema = 'shop' order by table_name, ordinal_position")
        for database, table, column, declared in cursor.fetchall():
            declared = declared.decode() if isinstance(declared, bytes) else declared
            found.setdefault((database, table), ({}, []))[0][column] = as_told(declared, name)
        # What the server uses as the primary key: where there is none, a UNIQUE key of columns that are NOT NULL.
        cursor.execute("select table_schema, table_name, column_name from information_schema.columns "
                       "left join information_schema.key_column_usage k using (table_schema, table_name, column_name) "
                       "where table_schema = 'shop' and column_key = 'PRI' order by table_name, k.ordinal_position")
        for database, table, column in cursor.fetchall():
            found[database, table][1].append(column)
    return found


def make(name, sql):
    shape = shapes(name, sql)
    groups, last = [], None
    for line in (BINLOG / name / "expected.jsonl").read_text().splitlines():
        change = read(line)
        if change["op"] == "ddl":
            last = None
            continue
        place = change["source"]["file"], change["source"]["pos"], change["table"], change["op"]
        if place != last:
            groups.append([])
        groups[-1].append(change)
        last = place
    (HERE / name).mkdir(exist_ok=True)
    for file, strict in (("expected", False), ("strict", True)):
        lines = [json.dumps(message(name, group, shape, strict), ensure_ascii=False) for group in groups]
        (HERE / name / f"{file}.jsonl").write_text("".join(line + "\n" for line in lines))
    print(f"{name}: {len(groups)} messages")


if __name__ == "__main__":
    for case, file in CASES.items():
        if not sys.argv[1:] or any(part in case for part in sys.argv[1:]):
            make(case, file)
