"""Types that only some servers have: JSON, shapes, vectors, UUID, INET4, INET6."""

import json
import random as random_module
import struct
import uuid

from lib.grid import spelling
from lib.grid.kind import Kind, binary, literal

MYSQL_DOCUMENTS = [
    "'null'", "'true'", "'false'", "'0'", "'-1'", "'32767'", "'32768'", "'-32768'", "'-32769'", "'65535'", "'65536'", "'2147483647'", "'2147483648'",
    "'-2147483648'", "'-2147483649'", "'4294967295'", "'4294967296'", "'9223372036854775807'", "'-9223372036854775808'",
    "'18446744073709551615'", "'18446744073709551616'", "'1e100'", "'-0.0'", "'0.1'", "'1.0'", "'1e-7'", "'5e-324'", "'1.7976931348623157e308'",
    "'\"\"'", "'\"a\"'", "'{}'", "'[]'", "'[[], {}, [[]]]'", "'{\"\": {\"\": []}}'", "'{\"b\": 1, \"a\": 2, \"aa\": 3, \"B\": 4, \"a\": 5}'",
    literal(json.dumps("quote \" back \\ / \b\f\n\r\t\0\x01\x1f\x7f Grüße € 😀 \u2028", ensure_ascii=False)),
    literal(json.dumps({"Schlüssel": "ä", "😀": 1, "\"": "'", "new\nline": None}, ensure_ascii=False)),
    "json_object('d', cast(1.50 as decimal(10,2)), 'n', cast(-0.01 as decimal(3,2)), 'z', cast(0 as decimal(1,0)))",
    "json_array(cast('99999999999999999999999999999999999.999999999999999999999999999999' as decimal(65,30)))",
    "json_array(cast('-12345678901234567890123456789012345678901234567890123456789012345' as decimal(65,0)))",
    "json_array(date'2026-01-15', date'0001-01-01', date'9999-12-31', time'838:59:59', time'-838:59:58.999999', time'-00:00:00.000001')",
    "json_array(timestamp'2026-01-15 10:30:00', timestamp'9999-12-31 23:59:59.999999', from_unixtime(1768473000.5), year('2026-01-15'))",
    "json_array(b'1010101', x'', x'00ff', cast('abc' as binary(5)), point(1, 2), repeat(x'00ff10', 100))",
    "json_array(1e15, 1e16, 1e-15, 1e-16, 123456789.125, 0.1e0, -0e0, 100e0, 1e21, 1.5e300)",
    "cast(concat(repeat('[', 99), '1', repeat(']', 99)) as json)", "cast(concat(repeat('{\"a\":', 99), '[]', repeat('}', 99)) as json)",
    "json_quote(repeat('x', 127))", "json_quote(repeat('x', 128))", "json_quote(repeat('é', 8192))", "json_quote(repeat('y', 16384))",
    "cast(concat('[', repeat('70000,', 11000), '5]') as json)", "cast(concat('[', repeat('1,true,null,\"x\",', 4400), '-70000]') as json)",
    "json_object(repeat('k', 300), 1, 'n', null, 'i', 70000, 'j', -5)",
]


def document(rng, depth=0):
    leaves = [lambda: None, lambda: rng.random() < 0.5, lambda: rng.randint(-2 ** rng.randrange(1, 63), 2 ** rng.randrange(1, 64)),
              lambda: rng.uniform(-1, 1) * 10 ** rng.randrange(-20, 25), lambda: "".join(rng.choices("ab\"\\ é日😀\n/", k=rng.randrange(12)))]
    if depth > 4 or rng.random() < 0.4:
        return rng.choice(leaves)()
    if rng.random() < 0.5:
        return [document(rng, depth + 1) for _ in range(rng.randrange(6))]
    return {"".join(rng.choices("kyé\"0", k=rng.randrange(5))): document(rng, depth + 1) for _ in range(rng.randrange(6))}


def random_document(rng):
    return literal(json.dumps(document(rng), ensure_ascii=False))


SHAPES = {
    "point": ["point(1 2)", "point(-1.5 2e10)", "point(0 -0)", "point(1.7976931348623157e308 5e-324)"],
    "linestring": ["linestring(0 0, 1 1, 2 0)", "linestring(1 1, 1 1.5)"],
    "polygon": ["polygon((0 0, 4 0, 4 4, 0 0))", "polygon((0 0, 9 0, 9 9, 0 9, 0 0), (1 1, 2 1, 2 2, 1 1))"],
    "multipoint": ["multipoint(1 1, 2 2)", "multipoint(0.1 0.2)"],
    "multilinestring": ["multilinestring((0 0, 1 1), (2 2, 3 3, 4 4))"],
    "multipolygon": ["multipolygon(((0 0, 4 0, 4 4, 0 0)), ((5 5, 6 5, 6 6, 5 5)))"],
    "geometrycollection": ["geometrycollection(point(1 1), linestring(0 0, 1 1), polygon((0 0, 4 0, 4 4, 0 0)))",
                           "geometrycollection(geometrycollection(point(1 1)))", "geometrycollection(multipoint(1 1, 2 2))"],
}
SRIDS = [0, 4326, 3857]


def shapes(server):
    how = spelling.GEOMETRY.get(server) or spelling.GEOMETRY["mariadb"]
    # MySQL 9.7 knows its reference systems and keeps to their bounds; the others take any number.
    srids = SRIDS if server == "mysql-9.7" else [*SRIDS, 1, 2 ** 31 - 1]

    def values(texts):
        for text in texts:
            for srid in srids if "e" not in text.partition("(")[2] else [0]:
                yield f"st_geomfromtext('{text}', {srid})"
    for name, texts in SHAPES.items():
        yield Kind(name, how, values(texts))
    every = [text for texts in SHAPES.values() for text in texts]
    wide = [f"linestring({', '.join(f'{i % 80 / 10} {i % 180}' for i in range(5000))})"]  # more than 64 KB
    empty = ["geometrycollection()"] if server == "mysql-5.6" else ["geometrycollection empty"]
    yield Kind("geometry", how, [*values(every), *values(wide), *values(empty)])


def vectors(server):
    make = "to_vector" if server == "mysql-9.7" else "vec_fromtext"

    def spelt(numbers):
        return f"{make}('[{','.join(numbers)}]')"

    def packed(*numbers):
        return binary(struct.pack(f"<{len(numbers)}f", *numbers))

    def random(size):
        return lambda rng: spelt([repr(rng.uniform(-1, 1) * 10 ** rng.randrange(-20, 20)) for _ in range(size)])
    yield Kind("vector(3)", spelling.VECTOR, [spelt(["1", "-2.5", "3.25e10"]), spelt(["0", "0", "0"]), packed(1e-38, 3.4e38, -3.4e38)], random(3))
    yield Kind("vector(1)", spelling.VECTOR, [packed(1e-45), spelt(["16777217"]), spelt(["-0.1"]), packed(-0.0)], random(1))
    many = random_module.Random(1)
    yield Kind("vector(2000)", spelling.VECTOR, [spelt([f"{many.uniform(-1, 1):.6g}" for _ in range(2000)]) for _ in range(3)])


def addresses():
    yield Kind("uuid", spelling.PLAIN, ["'123e4567-e89b-12d3-a456-426655440000'", "'00000000-0000-0000-0000-000000000000'",
                                        "'ffffffff-ffff-ffff-ffff-ffffffffffff'", "'20202020-2020-2020-2020-202020202020'",
                                        "'018f0000-0000-7000-8000-000000000000'", "'12345678-1234-1234-8234-000000000000'"],
               lambda rng: f"'{uuid.UUID(bytes=rng.randbytes(16))}'", keyable=True)
    yield Kind("inet4", spelling.PLAIN, ["'0.0.0.0'", "'255.255.255.255'", "'10.0.0.0'", "'32.32.32.32'", "'1.2.3.0'", "'0.0.0.1'"],
               lambda rng: "'" + ".".join(str(b) for b in rng.randbytes(4)) + "'", keyable=True)
    groups = lambda rng: [rng.choice(["0", "0", "ffff", f"{rng.randrange(65536):x}"]) for _ in range(8)]  # noqa: E731
    yield Kind("inet6", spelling.PLAIN, ["'::'", "'::1'", "'::ffff:192.0.2.128'", "'2001:db8::ff00:42:8329'", "'::1.2.3.4'", "'fe80::'", "'::ffff:0:0'",
                                         "'::2'", "'0:0:0:0:0:fffe:1:2'", "'1:0:0:2:0:0:0:3'", "'1::'", "'::1:0'", "'0:1::'", "'1:0:2:3:4:5:6:7'",
                                         "'2020:2020:2020:2020:2020:2020:2020:2020'"],
               lambda rng: "'" + ":".join(groups(rng)) + "'", keyable=True)


def documents(server):
    yield from shapes(server)
    if server == "mysql-9.7":
        yield Kind("json", spelling.JSON, MYSQL_DOCUMENTS, random_document)
        yield from vectors(server)
    if server.startswith("mariadb"):
        texts = [literal(text) for text in ('{"a": 1, "ü": [1, 2.50, null]}', "[]", "null", '{"b":1,  "a":\n2}', '"\\u00e9"', "1e5")]
        yield Kind("json", spelling.JSON_TEXT, texts, random_document)
        yield from addresses()
    if server == "mariadb-11.8":
        yield from vectors(server)
