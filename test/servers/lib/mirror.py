"""What the tests of mirrors have in common: a configuration, tables of every type with their boundary values, a random
workload, and the comparison of a source's table with its mirror."""

import random
import time

from lib.sluice import run

# Column type, values as SQL literals.
TYPES = {
    "i8": ("tinyint", ["-128", "127"]), "u8": ("tinyint unsigned", ["0", "255"]),
    "i16": ("smallint", ["-32768", "32767"]), "i24": ("mediumint unsigned", ["0", "16777215"]),
    "i32": ("int", ["-2147483648", "2147483647"]), "u32": ("int unsigned", ["0", "4294967295"]),
    "i64": ("bigint", ["-9223372036854775808", "9223372036854775807"]),
    "u64": ("bigint unsigned", ["0", "9223372036854775808", "18446744073709551615"]),
    "f": ("float", ["0.1", "-3.40282e38", "1.17549e-38"]),
    "d": ("double", ["0.1", "-1.7976931348623157e308", "2.2250738585072014e-308", "123456789012345678"]),
    "dec_": ("decimal(65,30)", ["12345678901234567890123456789012345.123456789012345678901234567890", "-0.000000000000000000000000000001"]),
    "dec0": ("decimal(10,0)", ["-9999999999", "0"]),
    "day": ("date", ["'1000-01-01'", "'9999-12-31'"]),
    "dt": ("datetime(6)", ["'1000-01-01 00:00:00.000001'", "'9999-12-31 23:59:59.999999'"]),
    "dt0": ("datetime", ["'2026-02-28 01:02:03'"]),
    "ts": ("timestamp(3) null", ["'1970-01-01 00:00:01.000'", "'2038-01-19 03:14:07.999'"]),
    "tm": ("time(6)", ["'-838:59:59.000000'", "'838:59:59.000000'", "'-00:00:00.000001'"]),
    "yr": ("year", ["1901", "2155", "0"]),
    "b1": ("bit(1)", ["b'0'", "b'1'"]), "b64": ("bit(64)", ["b'0'", "0xffffffffffffffff"]),
    "ch": ("char(10)", ["''", "'ab'", "'日本'"]),
    "vc": ("varchar(100)", ["''", "'it''s \\\\ \"q\" ünï 🙂'", "concat('a', char(10), char(9), char(13))"]),
    "l1": ("varchar(20) character set latin1", ["'Grüße'", "'x '"]),
    "tx": ("mediumtext", ["repeat('é', 70000)"]),
    "bin": ("binary(4)", ["x'00ff0001'"]), "vb": ("varbinary(20)", ["x''", "x'0001fe27225c'"]),
    "bl": ("mediumblob", ["repeat(x'00ff', 40000)"]),
    "en": ("enum('a','it''s','ü')", ["'a'", "'it''s'", "'ü'"]),
    "st": ("set('r','g','b')", ["''", "'r,b'", "'r,g,b'"]),
    "js": ("json", ["""'{"a": [1, 2.5, null, true, "ü"]}'""", "'null'", "'[]'"]),
    "geo": ("point", ["point(1.5, -2)"]),
}


def create_types(name):
    return f"create table {name} (id int primary key, " + ", ".join(f"{c} {t}" for c, (t, _) in TYPES.items()) + ")"


def type_rows(name):
    """A row with every column NULL, then one for each value."""
    yield f"insert into {name} (id) values (0)"
    count = max(len(values) for _, values in TYPES.values())
    for i in range(count):
        yield (f"insert into {name} values ({i + 1}, " +
               ", ".join(values[i % len(values)] for _, values in TYPES.values()) + ")")


def selected(columns):
    """Expressions that show each column as text, in the way that a mirror's rows are read back, too."""
    shown = []
    for name, (kind, _) in columns.items():
        if kind.startswith("bit"):
            shown.append(f"{name}+0")
        elif kind in ("point",) or "blob" in kind or "binary" in kind:
            shown.append(f"hex({name})")
        else:
            shown.append(name)
    return shown


class Workload:
    """Inserts, updates, changes of key, deletes and swaps, in transactions of several statements."""

    LOG = "select what, count(*) from {}log group by what order by what"

    def __init__(self, server, database, seed, tables=("t", "p"), changes_log=False):
        """changes_log: its rows are changed and deleted, too."""
        self.random = random.Random(seed)
        self.connection = server.connect(database=database, autocommit=False)
        self.tables = tables
        self.changes_log = changes_log

    @staticmethod
    def schema(database):
        return (f"create database {database}; use {database}; "
                "create table t (id int primary key, name varchar(40), n bigint unsigned, at datetime(3)); "
                "create table p (a int, b varchar(10) character set latin1 collate latin1_bin, v decimal(12,3), primary key (b, a))")

    def step(self, cursor):
        r = self.random
        i, j = r.randrange(60), r.randrange(60)
        name = r.choice(["NULL", "'x'", "'ünï''🙂'", f"'{i}-{j}'"])
        cursor.execute(r.choice([
            f"replace into t values ({i}, {name}, {r.randrange(1 << 64)}, '2026-01-0{r.randrange(1, 9)} 00:00:00.{j:03}')",
            f"update t set name = {name}, n = {j} where id = {i}",
            f"update ignore t set id = {j} where id = {i}",
            f"delete from t where id = {i}",
            "update ignore t set id = id + 100 where id < 5",
            "delete from t where id >= 100",
            f"replace into p values ({i % 7}, '{'aAbB'[j % 4]}', {i}.{j})",
            f"update ignore p set b = '{'aAbB'[i % 4]}', a = {j % 7} where a = {i % 7} and b = '{'aAbB'[j % 4]}'",
            f"delete from p where a = {i % 7}",
        ]))

    def transaction(self):
        with self.connection.cursor() as cursor:
            for _ in range(self.random.randrange(1, 12)):
                self.step(cursor)
        if self.random.random() < 0.1:
            self.connection.rollback()
        else:
            self.connection.commit()

    def through_kills(self, sluice, path, kills=6, meanwhile=lambda: None, between=lambda: None):
        """Works on while the program dies again and again, and fills the table `log`, which has no key; returns how many rows
        were put there. It runs in the end. meanwhile: done in the middle of each of its lives; between: behind each."""
        rows = 0
        for _ in range(kills):
            process = sluice("run", path)
            for then in (meanwhile, process.process.kill):
                end = time.monotonic() + self.random.uniform(0.1, 0.4)
                while time.monotonic() < end:
                    self.transaction()
                    with self.connection.cursor() as cursor:
                        cursor.execute("insert into log values " + ",".join(f"({i})" for i in range(rows, rows + 3)))
                        rows += 3
                        if self.changes_log:
                            cursor.execute(f"update log set what = -what where what % 5 = {rows % 5} limit 2")
                            cursor.execute(f"delete from log where what % 7 = {rows % 7} limit 1")
                    self.connection.commit()
                then()
            process.process.wait()
            between()
        sluice("run", path)
        return rows

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()  # else its locks would hold up whoever drops the tables


def failure(path, *words, code=1):
    """It ends with these words."""
    done = run("run", path, check=False)
    assert done.returncode == code, done.stderr
    for word in words:
        assert word in done.stderr, done.stderr
