"""Values beyond counting: every ordinary type with boundary and random values and NULLs, inserted, updated and deleted on every
server, with whole and partial row images, with and without names in the log. What the decoder makes of the log is compared with
what SELECT shows. A failure names the seed; SLUICE_SEED repeats it."""

import contextlib
import os
import random
import struct

import pytest
from lib.server_word import Replay, Snapshot
from lib.sluice import run

ROWS = 40
SEED = int(os.environ.get("SLUICE_SEED") or random.SystemRandom().randrange(1 << 32))


def integers(bits, unsigned):
    low, high = (0, 2 ** bits - 1) if unsigned else (-2 ** (bits - 1), 2 ** (bits - 1) - 1)
    edges = [low, high, low + 1, high - 1, 0, 1, high // 2, *(2 ** b for b in range(1, bits - 1, 3))]
    return lambda rng: str(rng.choice([*edges, rng.randint(low, high)]))


def decimals(precision, scale):
    def make(rng):
        digits = rng.choice([precision, rng.randint(1, precision)])
        number = rng.choice([0, 1, 10 ** digits - 1, rng.randrange(10 ** digits), 10 ** (digits - 1)])
        text = str(number).rjust(scale + 1, "0")
        return rng.choice(["", "-"]) + (f"{text[:-scale]}.{text[-scale:]}" if scale else text)
    return make


def reals(form, largest):
    def make(rng):
        value = rng.choice([
            lambda: struct.unpack(form, rng.randbytes(struct.calcsize(form)))[0],
            lambda: rng.uniform(-1, 1) * 10 ** rng.randrange(-10, 20), lambda: float(rng.randrange(-1000, 1000)),
            lambda: rng.randrange(10 ** 9) / 1000])()
        return repr(value) if abs(value) < largest else "0"  # NaN is refused as well
    return make


def fraction(rng, digits):
    return f".{rng.choice([0, 1, 10 ** digits - 1, rng.randrange(10 ** digits)]):0{digits}}" if digits else ""


def dates(rng):
    return rng.choice(["0000-00-00", "1000-01-01", "9999-12-31", "2026-00-00", "2024-02-29",
                       f"{rng.randint(1, 9999):04}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"])


def clock(rng):
    return rng.choice(["00:00:00", "23:59:59", f"{rng.randrange(24):02}:{rng.randrange(60):02}:{rng.randrange(60):02}"])


def moments(digits):
    return lambda rng: f"'{dates(rng)} {clock(rng)}{fraction(rng, digits)}'"


def stamps(digits):
    def make(rng):
        second = rng.choice([1, 2 ** 31 - 2, rng.randrange(1, 2 ** 31 - 2)])
        return f"from_unixtime({second}{fraction(rng, digits)})"
    return make


def times(digits):
    def make(rng):
        hour = rng.choice([0, 838, 99, 100, rng.randrange(839)])
        return f"'{rng.choice(['', '-'])}{hour:02}:{rng.randrange(60):02}:{rng.randrange(59):02}{fraction(rng, digits)}'"
    return make


ALPHABETS = {
    "utf8mb4": "aZ 09'\"\\\n\t\0é€日😀\x7f\x1f",
    "latin1": "aZ 'é€ÿ“ñ\\",
    "gbk": "aZ中文绿\\é",
    "utf16": "aé日😀'",
    "cp1251": "aПривет№",
    "sjis": "aカタ表\\",
}


def quoted(text):
    return "_utf8mb4 0x" + text.encode().hex() if text else "''"


def texts(charset, most):
    def make(rng):
        length = rng.choice([0, 1, most, rng.randint(0, most)])
        return quoted("".join(rng.choice(ALPHABETS[charset]) for _ in range(length)))
    return make


def octets(most):
    def make(rng):
        length = rng.choice([0, 1, most, rng.randint(0, most)])
        return f"x'{rng.choice([rng.randbytes(length), bytes(length), rng.randbytes(length // 2) + bytes(length // 2)]).hex()}'"
    return make


def bits(width):
    return lambda rng: str(rng.choice([0, 1, 2 ** width - 1, 2 ** (width - 1), rng.randrange(2 ** width)]))


def columns():
    """(declaration, maker of a value) of each column."""
    for name, width in [("tinyint", 8), ("smallint", 16), ("mediumint", 24), ("int", 32), ("bigint", 64)]:
        for unsigned in (False, True):
            yield name + " unsigned" * unsigned, integers(width, unsigned)
    for precision, scale in [(1, 0), (5, 5), (9, 0), (10, 2), (18, 9), (19, 10), (30, 30), (38, 10), (65, 0), (65, 30), (40, 1)]:
        yield f"decimal({precision},{scale})", decimals(precision, scale)
    yield "float", reals("<f", 3.4e38)
    yield "double", reals("<d", 1.79e308)
    yield "date", lambda rng: f"'{dates(rng)}'"
    yield "year", lambda rng: str(rng.choice([0, 1901, 2155, rng.randint(1901, 2155)]))
    for digits in range(7):
        yield f"datetime({digits})", moments(digits)
        yield f"timestamp({digits}) null", stamps(digits)
        yield f"time({digits})", times(digits)
    for charset in ALPHABETS:
        yield f"varchar(20) character set {charset}", texts(charset, 20)
        yield f"char(9) character set {charset}", texts(charset, 9)
        yield f"text character set {charset}", texts(charset, 300)
    for kind in ("tinytext", "mediumtext", "longtext"):
        yield f"{kind} character set utf8mb4", texts("utf8mb4", 60)
    yield "varchar(300) character set utf8mb4", texts("utf8mb4", 300)
    for kind, most in [("binary(1)", 1), ("binary(7)", 7), ("binary(255)", 255), ("varbinary(10)", 10), ("varbinary(400)", 400),
                       ("tinyblob", 255), ("blob", 500), ("mediumblob", 500), ("longblob", 500)]:
        yield kind, octets(most)
    for width in (1, 2, 7, 8, 9, 16, 31, 32, 33, 47, 63, 64):
        yield f"bit({width})", bits(width)
    for members in (1, 8, 9, 255, 256, 300):
        yield f"enum({','.join(repr(f'm{i}') for i in range(members))})", lambda rng, n=members: str(rng.randint(1, n))
    for members in (1, 8, 9, 16, 17, 24, 33, 64):
        yield f"set({','.join(repr(f's{i}') for i in range(members))})", bits(members)


class Grid:
    """Tables of a few columns each, so that a row image has columns before and behind, and its null bitmap several bytes."""

    def __init__(self, rng, database):
        self.rng, self.database = rng, database
        shuffled = list(columns())
        rng.shuffle(shuffled)
        self.tables = {}
        while shuffled:
            count = rng.choice([1, 7, 8, 9, 17])
            self.tables[f"t{len(self.tables)}"], shuffled = shuffled[:count], shuffled[count:]

    def create(self):
        for name, parts in self.tables.items():
            listed = ", ".join(f"c{i} {declaration}" for i, (declaration, _) in enumerate(parts))
            at = self.rng.randrange(2)  # the key first or last
            key = "id int not null primary key"
            yield f"create table {name} ({key + ', ' + listed if at else listed + ', ' + key})"

    def value(self, make):
        return "null" if self.rng.random() < 0.15 else make(self.rng)

    def statements(self):
        for name, parts in self.tables.items():
            names = ", ".join(["id", *(f"c{i}" for i in range(len(parts)))])
            rows = [", ".join([str(i), *(self.value(make) for _, make in parts)]) for i in range(ROWS)]
            half = len(rows) // 2
            yield f"insert into {name} ({names}) values " + ", ".join(f"({row})" for row in rows[:half])
            for row in rows[half:half + 3]:
                yield f"insert into {name} ({names}) values ({row})"
            yield f"insert into {name} ({names}) values " + ", ".join(f"({row})" for row in rows[half + 3:])
            for _ in range(4):
                changed = self.rng.sample(range(len(parts)), self.rng.randint(1, min(3, len(parts))))
                sets = ", ".join(f"c{i} = {self.value(parts[i][1])}" for i in changed)
                yield f"update {name} set {sets} where id % {self.rng.randint(2, 7)} = 1"
            yield f"delete from {name} where id % 5 = {self.rng.randrange(5)}"


# (row image, column names in the log)
WAYS = [("FULL", "FULL"), ("MINIMAL", "FULL"), ("NOBLOB", "MINIMAL"), ("FULL", None)]


@pytest.mark.parametrize("image, metadata", WAYS, ids=lambda way: str(way).lower())
def test_every_value_is_what_the_server_shows(start_server, kind, image, metadata):
    rng = random.Random(f"{SEED} {kind} {image} {metadata}")
    newer = kind != "mysql-5.6"
    options = [f"--binlog-row-image={image}", f"--binlog-checksum={rng.choice(['CRC32', 'NONE'])}"]
    if metadata and newer:
        options.append(f"--binlog-row-metadata={metadata}")
    server = start_server(kind, options)
    grid = Grid(rng, "grid")
    with contextlib.closing(server.connect(conv={})) as writer, contextlib.closing(
            server.connect(conv={}, init_command="set time_zone = '+00:00', sql_mode = ''")) as look:
        cursor = writer.cursor()
        cursor.execute("create database grid character set utf8mb4; use grid; set time_zone = '+05:30'")
        while cursor.nextset():
            pass
        # Out of range is clipped, invalid dates become zero: the server's word on what it then holds is what counts.
        cursor.execute("set sql_mode = 'ALLOW_INVALID_DATES'")
        for statement in grid.create():
            cursor.execute(statement)
        steps = []
        for number, statement in enumerate(grid.statements()):
            cursor.execute(statement)
            if number % 10 == 9:
                steps.append((server.binlog_position(), Snapshot(look), statement[:300]))
        steps.append((None, Snapshot(look), "the end"))
        cursor.execute("flush logs")
    lines = run("decode", "--with", "source", *server.binlog_files()[:-1]).stdout.splitlines()
    replay = Replay(lines)
    values = 0
    for where, snapshot, statement in steps:
        replay.until(where, snapshot, f"seed {SEED}, {kind}, image {image}, metadata {metadata}: {statement}")
        values += sum(len(row) for rows in snapshot.tables.values() for row in rows)
    assert values > 4000, "the grid has shrunk"
