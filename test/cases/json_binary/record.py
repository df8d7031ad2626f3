#!/usr/bin/env python3
"""Records how a real server stores and prints JSON: test/cases/json_binary/record.py > mysql-9.7.tsv

One line a document: the binary form in hexadecimal, as it stands in the row events of the server's log, a tab, and the
server's own text of it.
"""

import pathlib
import random
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "tools"))
from server import Server  # noqa: E402

SCALARS = [
    "null", "true", "false", "0", "-1", "1", "32767", "-32768", "32768", "-32769", "65535", "65536", "2147483647",
    "-2147483648", "2147483648", "-2147483649", "4294967295", "4294967296", "9223372036854775807",
    "-9223372036854775808", "9223372036854775808", "18446744073709551615", '""', '"a"', '"quote \\" backslash \\\\ /"',
    '"\\b\\f\\n\\r\\t\\u0000\\u0001\\u001f\\u007f"', '"Grüße € 😀"', "{}", "[]", "[[]]", '{"": {}}', '{"a": {"b": []}}',
    '{"b": 1, "a": 2, "aa": 3, "B": 4}', "[1, 70000, 5000000000, 1.5, \"x\", null, true, false, -1, -70000]",
    '{"a\\"b": "c", "neu\\nline": 1, "Schlüssel": "Wert", "😀": [1, {"x": null}]}',
]
DOUBLES = [
    "0e0", "-0e0", "1e0", "-1e0", "1.5", "0.1", "100e0", "1e5", "1e14", "1e15", "123456789012345e0",
    "1234567890123456e0", "1e16", "1e17", "1e20", "1e21", "1e22", "1e100", "1e308", "1.7976931348623157e308", "5e-324",
    "2.2250738585072014e-308", "1e-1", "1e-5", "1e-6", "1e-7", "1e-10", "1e-14", "1e-15", "1e-16", "1.5e-7", "-1.5e-15",
    "1.25e-16", "12345.678", "0.30000000000000004", "3.141592653589793", "9007199254740993e0", "4503599627370497.5e0",
    "1.2345678901234567e14", "1.2345678901234567e15", "1.2345678901234567e16", "1.2345678901234567e-14", "5.684341886080802e-14",
]
EXPRESSIONS = [
    "cast(cast('0' as decimal(1,0)) as json)", "cast(cast('-1.50' as decimal(10,2)) as json)",
    "cast(cast('0.000000000000000000000000000001' as decimal(65,30)) as json)",
    "cast(cast('-99999999999999999999999999999999999.999999999999999999999999999999' as decimal(65,30)) as json)",
    "cast(cast('12345678901234567890123456789012345678901234567890123456789012345' as decimal(65,0)) as json)",
    "cast(cast('-0.01' as decimal(3,2)) as json)", "cast(cast('123456789.987654321' as decimal(18,9)) as json)",
    "cast(date'2026-01-15' as json)", "cast(date'0001-01-01' as json)", "cast(date'9999-12-31' as json)",
    "cast(time'10:30:00' as json)", "cast(time'-838:59:58.999999' as json)", "cast(time'838:59:59' as json)",
    "cast(time'-00:00:00.000001' as json)", "cast(time'00:00:00' as json)",
    "cast(timestamp'2026-01-15 10:30:00' as json)", "cast(timestamp'2026-01-15 10:30:00.123456' as json)",
    "cast(timestamp'9999-12-31 23:59:59.999999' as json)", "json_object('ts', from_unixtime(1768473000.5))",
    "cast(b'1010101' as json)", "cast(x'' as json)", "cast(x'00ff' as json)", "cast(repeat(x'00ff10', 100) as json)",
    "cast(cast('abc' as binary(5)) as json)", "cast(point(1, 2) as json)", "cast(year('2026-01-15') as json)",
    "json_array(cast(1.5 as decimal(5,2)), date'2026-01-15', time'01:02:03.5', timestamp'2026-01-15 01:02:03', x'01', 1.5e0)",
    "json_object('d', cast(1.5 as decimal(5,2)), 'x', x'01', 'v', (select v from s), 'b', (select b from s),"
    " 'e', (select e from s), 'm', (select m from s), 't', (select t from s), 'y', (select y from s),"
    " 'g', (select g from s), 'c', (select c from s), 'l', (select l from s), 'f', (select f from s))",
    "json_quote('')", "json_quote(repeat('x', 127))", "json_quote(repeat('x', 128))", "json_quote(repeat('é', 8192))",
    "json_quote(repeat('y', 16384))",
    "json_object(repeat('k', 300), 1, 'n', null, 'i', 70000, 'j', -5)",
    "cast(concat(repeat('[', 99), '1', repeat(']', 99)) as json)", "cast(concat(repeat('{\"a\":', 99), '[]', repeat('}', 99)) as json)",
]
# Partial updates leave gaps, shorter values in place, and entries whose data moved.
UPDATES = [
    ('{"a": "0123456789", "b": "0123456789", "c": 1}', "json_set(j, '$.a', 'x')"),
    ('{"a": "0123456789", "b": "0123456789", "c": 1}', "json_remove(j, '$.b')"),
    ('{"a": "0123456789", "b": "0123456789", "c": 1}', "json_remove(json_set(j, '$.b', 'yy'), '$.a')"),
    ('{"a": "0123456789", "b": "0123456789", "c": 1}', "json_set(json_remove(j, '$.a'), '$.c', '0123')"),
    ('{"a": 1, "b": "0123456789", "c": "0123456789"}', "json_set(json_set(j, '$.b', ''), '$.a', '0123')"),
    ('["0123456789", 1, {"x": "0123456789", "y": [1, 2, 3]}]', "json_set(json_remove(j, '$[2].y[1]'), '$[2].x', 2.5)"),
    ('["0123456789", 1, {"x": "0123456789", "y": [1, 2, 3]}]', "json_replace(json_remove(j, '$[0]'), '$[0]', 'abc')"),
]
TABLE = """
create table s (v varchar(9), b bit(12), e enum('x','y'), m set('x','y'), t timestamp(3), y year, g geometry srid 4326,
                c char(3), l longblob, f float);
insert into s values ('Grüße', 4095, 'y', 'x,y', '2026-01-15 10:30:00.123', 2026, st_geomfromtext('point(1 2)', 4326),
                      'abc', x'000102', 1.1);
create table t (id int auto_increment primary key, j json);
"""
WRITE_ROWS, UPDATE_ROWS = 30, 31  # event types of log version 4 rows events, version 2


def documents(server):
    """The JSON column of each row written to `t`, as the log holds it; of updates, the row after."""
    for path in server.binlog_files():
        log, at = path.read_bytes(), 4
        while at < len(log):
            kind, size = log[at + 4], struct.unpack_from("<I", log, at + 9)[0]
            event, at = log[at + 19:at + size], at + size
            if kind not in (WRITE_ROWS, UPDATE_ROWS):
                continue
            body = event[8 + struct.unpack_from("<H", event, 8)[0]:]
            if body[0] != 2:  # columns: only `t` has two
                continue
            rows = body[2:] if kind == WRITE_ROWS else body[3:]
            images = []
            while rows:
                assert rows[0] == 0, "no nulls among the rows"
                number, length = struct.unpack_from("<II", rows, 1)
                images.append((number, rows[9:9 + length]))
                rows = rows[9 + length:]
            yield from images if kind == WRITE_ROWS else images[1::2]


def main():
    rng = random.Random(97)
    doubles = DOUBLES + [repr(struct.unpack("<d", rng.randbytes(8))[0]) for _ in range(150)]
    doubles += [f"{rng.uniform(-1, 1) * 10 ** rng.randrange(-18, 20)!r}" for _ in range(150)]
    doubles = [d if "e" in d else d + "e0" for d in doubles if "n" not in d]
    with Server("mysql-9.7", ["--binlog-checksum=NONE", "--binlog-row-event-max-size=1G", "--max-allowed-packet=1G"]) as server:
        connection = server.connect()
        cursor = connection.cursor()
        cursor.execute("create database d; use d;" + TABLE)
        while cursor.nextset():
            pass
        for text in SCALARS:
            cursor.execute("insert into t (j) values (%s)", (text,))
        for double in doubles:
            cursor.execute(f"insert into t (j) values (cast({double} as json))")
        for expression in EXPRESSIONS:
            cursor.execute(f"insert into t (j) values ({expression})")
        # Beyond 64 KiB the offsets are four bytes wide and hold more kinds of value themselves.
        odd = '3000000000,70000,-70000,-1,true,false,null,1.5,"x",[],{"a":[7]}'
        cursor.execute("insert into t (j) values (%s)", ("[" + ",".join(["9"] * 22000) + f",{odd}]",))
        wide = "{" + ",".join(f'"k{i}": {i * 100}' for i in range(4400)) + f',"odd":[{odd}]}}'
        cursor.execute("insert into t (j) values (%s)", (wide,))
        for text, update in UPDATES:
            cursor.execute("insert into t (j) values (%s)", (text,))
            cursor.execute(f"update t set j = {update} where id = last_insert_id()")
        cursor.execute("select id, cast(j as char) from t order by id")
        texts = dict(cursor.fetchall())
        connection.close()
        binary = dict(documents(server))
    assert binary.keys() == texts.keys()
    for number in sorted(texts):
        print(binary[number].hex(), texts[number], sep="\t")


if __name__ == "__main__":
    main()
