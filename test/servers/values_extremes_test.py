"""The largest and the oddest that a table may hold, too large for the grid of values_grid_test.py: each read live and from the file,
and compared with what SELECT shows."""

import base64
import contextlib
import hashlib
import json

import pytest
from lib.grid import spelling
from lib.grid.kind import literal
from lib.grid.run import THOROUGH
from lib.server_word import Number, line, quoted, raw
from lib.sluice import run
from server_kinds import KINDS

LARGE_MB = 64
NOT_OLD = ["mysql-9.7", "mariadb-10.11", "mariadb-11.8"]


class Told:
    """A database of a shared server, and what Sluice tells of it."""

    def __init__(self, server, sluice, database):
        self.server, self.database = server, database
        server.sql(f"create database {database} character set utf8mb4")
        self.first = server.binlog_position()[0]
        self.live = sluice("tail", server.url, "--tables", f"{database}.*", "--no-ddl")
        self.live.wait_for_error("reading ")
        self.writer = server.connect(database=database, conv={}, init_command="set sql_mode = ''")
        self.reader = server.connect(database=database, conv={}, init_command="set time_zone = '+00:00', sql_mode = ''")

    def close(self):
        self.writer.close()
        self.reader.close()

    def execute(self, *statements):
        with self.writer.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def select(self, statement):
        with self.reader.cursor() as cursor:
            cursor.execute(statement)
            return [[raw(value) for value in row] for row in cursor.fetchall()]

    def lines(self, count):
        """The next lines, which must be the same live and, so far, in the files."""
        live = self.live.lines(count)
        self.execute("flush logs")
        files = [f for f in self.server.binlog_files() if f.name >= self.first][:-1]
        stored = run("decode", "--tables", f"{self.database}.*", "--no-ddl", *files).stdout.rstrip("\n").split("\n")
        # Of files on disk the server's name is not known; where there are no GTIDs it is part of the id.
        assert [without_id(text) for text in stored[-count:]] == [without_id(text) for text in live]
        return live

    def row(self, columns, statement):
        """What SELECT shows of one row: {name: value}, columns = {name: Spelling}."""
        parts = [text for name, how in columns.items() for text in how.expressions(quoted(name))]
        answers = iter(self.select(f"select {', '.join(parts)} {statement}")[0])
        return {name: how.of_server([next(answers) for _ in how.select]) for name, how in columns.items()}


def without_id(text):
    head, _, rest = text.partition('"id":"')
    return head + rest.partition("#")[2]


@pytest.fixture
def told(shared, kind, sluice, database):
    with contextlib.closing(Told(shared(kind), sluice, database)) as told:
        yield told
        told.execute(f"drop database {database}")


@pytest.mark.parametrize("kind", list(KINDS) if THOROUGH else ["mysql-9.7", "mariadb-10.11"])
def test_values_of_64_megabytes(told):
    engine = "engine=myisam" if told.server.kind.name == "mysql-5.6" else ""  # its InnoDB wants ten times that of log
    told.execute(f"create table large (id int primary key, b longblob, t longtext character set latin1) {engine}")
    size = LARGE_MB << 20
    told.execute(f"insert into large values (1, repeat(unhex('00ff10c3'), {size // 4}), null)",
                 f"insert into large values (2, null, repeat(_latin1 0x61e92200, {size // 4}))")
    first, second = told.lines(2)
    data = base64.b64decode(json.loads(first)["after"]["b"], validate=True)
    text = json.loads(second)["after"]["t"].encode("latin1")
    digests = [digest.decode() for (digest,) in told.select("select sha2(coalesce(b, t), 256) from large order by id")]
    assert [len(data), len(text)] == [size, size]
    assert [hashlib.sha256(data).hexdigest(), hashlib.sha256(text).hexdigest()] == digests


def test_an_enum_of_as_many_members_as_there_may_be(told):
    """65,535; MySQL 5.6 and MariaDB keep the labels in a file of 64 KB and so allow fewer. MySQL 9.7 takes half a minute to make such
    a table, so it is left to the long form."""
    members = 65535 if THOROUGH and told.server.kind.name == "mysql-9.7" else 9000
    labels = ",".join(f"'{i:x}'" for i in range(members))
    told.execute(f"create table choices (id int primary key, e enum({labels}))")
    indexes = [1, 255, 256, members // 2, members - 1, members]
    told.execute(f"insert into choices values {', '.join(f'({i}, {i})' for i in indexes)}")
    shown = dict(told.select("select id, cast(e as char) from choices"))
    got = [line(text)["after"] for text in told.lines(len(indexes))]
    assert [(row["id"], row["e"]) for row in got] == [(Number(i), shown[str(i).encode()].decode()) for i in indexes]
    assert got[-1]["e"] == f"{members - 1:x}"


# As many columns as InnoDB takes, and as many as any engine does, or as those servers do that describe a table in 64 KB.
@pytest.mark.parametrize("engine", ["innodb", "myisam"])
def test_tables_of_many_columns(told, engine):
    columns = 1017 if engine == "innodb" else 4096 if told.server.kind.name == "mysql-9.7" else 2500
    types = ["tinyint", "int unsigned", "char(2)", "bit(3)", "year", "date", "enum('a','b')"]
    values = ["-5", "4294967295", "'é'", "5", "2026", "'2026-01-15'", "'b'"]
    if engine == "myisam":  # a row of 65,535 bytes at most
        types, values = types[:1] + types[3:5], values[:1] + values[3:5]
    names = [f"c{i}" for i in range(columns - 1)]
    told.execute("create table wide (id int primary key, "
                 + ", ".join(f"{name} {types[i % len(types)]}" for i, name in enumerate(names)) + f") engine={engine}")
    row = [values[i % len(values)] if i % 5 else "null" for i in range(len(names))]
    last = names[-1]
    told.execute(f"insert into wide values (1, {', '.join(row)})", f"update wide set {last} = null, c7 = null, c0 = {values[0]}",
                 "delete from wide")
    inserted, updated, deleted = (line(text) for text in told.lines(3))
    expected = {"id": Number("1")}
    for name, spelt in zip(names, row):
        expected[name] = None if spelt == "null" else spelt.strip("'") if spelt.startswith("'") else Number(spelt)
    assert inserted["after"] == expected
    assert updated["before"] == expected
    expected |= {last: None, "c7": None, "c0": Number(values[0])}
    assert updated["after"] == expected
    assert deleted["before"] == expected


@pytest.mark.parametrize("kind", ["mysql-9.7"])
def test_json_documents_beyond_every_limit_of_the_small_format(told):
    told.execute("create table docs (id int primary key, j json)")
    keys = {f"key {i}": i if i % 3 else {"x": [i, None, "é"]} for i in range(60_000)}
    documents = [
        literal(json.dumps(keys)),
        literal(json.dumps([i * 70_000 for i in range(40_000)])),
        literal(json.dumps({"k" * 65_535: 1})),
        literal(json.dumps({"a": "x" * 70_000, "b": ["y" * (1 << 21)]})),
        f"'{'[' * 99}{{\"deep\": true}}{']' * 99}'",
        "json_object('a', repeat('x', 65536), 'd', cast(1.50 as decimal(5,2)), 'b', x'00', 't', timestamp'2026-01-15 10:30:00.5')",
        "json_array(repeat(x'00ff10', 100000), -1, 65536, 5000000000)",
    ]
    for number, document in enumerate(documents):
        told.execute(f"insert into docs values ({number}, {document})")
    told.execute("update docs set j = json_remove(json_set(j, '$.\"key 3\"', 'longer than it was before'), '$.\"key 7\"') where id = 0")
    got = [line(text) for text in told.lines(len(documents) + 1)]
    for number in range(1, len(documents)):
        assert got[number]["after"]["j"] == told.row({"j": spelling.JSON}, f"from docs where id = {number}")["j"], number
    assert got[-1]["after"]["j"] == told.row({"j": spelling.JSON}, "from docs where id = 0")["j"]
    assert got[-1]["before"]["j"] == got[0]["after"]["j"]
    assert len(got[0]["after"]["j"]) == 60_000


@pytest.mark.parametrize("kind", NOT_OLD)
@pytest.mark.parametrize("image", ["FULL", "MINIMAL"])
def test_generated_and_invisible_columns(told, image):
    json_type = "json" if told.server.kind.name == "mysql-9.7" else "longtext"
    told.execute(
        f"set session binlog_row_image = {image}",
        "create table made (v decimal(30,10) as (a / 3) virtual, id int primary key, a int, s varchar(30) character set gbk as"
        " (concat('中', a)) stored, hidden datetime(3) invisible default '2026-01-15 10:30:00.123', u int unsigned as (a * 2) virtual,"
        f" t {json_type} as (json_array(a, 'é')) virtual, e enum('x','y') invisible, unique (u))",
        "insert into made (id, a) values (1, 7), (2, null)", "insert into made (id, a, e, hidden) values (3, 9, 'y', null)",
        "update made set a = 8 where id = 1", "update made set e = 'x' where id = 3")
    columns = {"v": spelling.DECIMAL, "id": spelling.INTEGER, "a": spelling.INTEGER, "s": spelling.TEXT, "hidden": spelling.PLAIN,
               "u": spelling.INTEGER, "t": spelling.JSON if json_type == "json" else spelling.JSON_TEXT, "e": spelling.LABEL}
    rows = {key: told.row(columns, f"from made where id = {key}") for key in (1, 2, 3)}
    got = [line(text) for text in told.lines(5)]
    for change in got[1:2] + got[3:]:
        after = change["after"]
        assert after == {name: rows[int(change["key"]["id"])][name] for name in after}
        assert image == "MINIMAL" or list(after) == list(columns)
    assert set(got[3]["after"]) >= {"a", "s"} and set(got[4]["after"]) >= {"e"}


def test_partitioned_tables(told):
    """MySQL 8 and newer say in the event which partition a row is in."""
    told.execute("create table parts (id int not null, d date not null, t text, primary key (id, d)) partition by range (year(d)) subpartition by"
                 " hash (id) subpartitions 2 (partition p0 values less than (2020), partition p1 values less than maxvalue)",
                 "insert into parts values (1, '2019-01-01', 'é'), (2, '2026-01-01', null), (3, '2019-05-05', 'x')",
                 "update parts set d = '2026-02-02', t = 'moved' where id = 1", "delete from parts where id = 2")
    got = [line(text) for text in told.lines(5)]
    assert [(change["op"], change["key"]["id"]) for change in got[-2:]] == [("update", Number("1")), ("delete", Number("2"))]
    assert got[3]["before"] == {"id": Number("1"), "d": "2019-01-01", "t": "é"}
    assert got[3]["after"] == {"id": Number("1"), "d": "2026-02-02", "t": "moved"}
    assert got[4]["before"] == {"id": Number("2"), "d": "2026-01-01", "t": None}


def test_names_of_every_letter(told):
    """Every character of the first plane that a server takes in the name of a column, in tables of hundreds of columns."""
    codes = [c for c in [*range(1, 0x250), *range(0x250, 0x10000, 67)] if not 0xD800 <= c <= 0xDFFF]
    for number in range(0, len(codes), 400):
        some = codes[number:number + 400]
        names = [f"{chr(code)}{at}" for at, code in enumerate(some)]
        listed = ", ".join(f"{quoted(name)} tinyint" for name in names)
        told.execute(f"create table names{number} (id int primary key, {listed}) character set utf8mb4",
                     f"insert into names{number} values ({', '.join(str(i % 100) for i in range(len(names) + 1))})")
        shown = [name.decode() for (name,) in told.select(
            "select column_name from information_schema.columns where table_schema = database() and"
            f" table_name = 'names{number}' order by ordinal_position")]
        after = line(told.lines(1)[0])["after"]
        assert shown == ["id", *names]
        assert list(after) == shown
        assert list(after.values()) == [Number(i % 100) for i in range(len(names) + 1)]


# 表 and ソ end in a backslash in sjis and cp932, 功 and 許 in big5, 縗 in gbk.
FOREIGN = {"sjis": "表ソ", "cp932": "表ソ①", "gbk": "縗亅汉字", "big5": "功許漢", "gb2312": "汉字", "ujis": "表字", "euckr": "한글", "latin1": "éß€",
           "greek": "Ωμ", "cp1251": "Жя", "hebrew": "אב", "tis620": "กข", "latin2": "ąž", "koi8r": "жЖ", "cp1250": "Łž"}
PYTHON = {"sjis": "shift_jis", "cp932": "cp932", "ujis": "euc_jp", "euckr": "euc_kr", "latin1": "cp1252", "greek": "iso8859_7", "hebrew": "iso8859_8",
          "tis620": "tis_620", "latin2": "iso8859_2", "koi8r": "koi8_r", "gb2312": "gb2312"}


def test_names_that_clients_of_other_character_sets_give(told):
    """Statements stand in the log in the client's character set, and from them alone the names are learnt: in MySQL 5.6's log, and in
    the others' as they are set here, no table map has any."""
    for charset, word in FOREIGN.items():
        encoding = PYTHON.get(charset, charset)
        name, column, member = f"{word}_{charset}", f"{word} 1", f"{word}2"
        told.execute(f"set names {charset}",
                     f"create table `{name}` (id int primary key, `{column}` varchar(20) character set utf8mb4 comment '{word}', "
                     f"e enum('x', '{member}') character set utf8mb4)".encode(encoding),
                     f"alter table `{name}` add `{word} 3` int".encode(encoding),
                     f"insert into `{name}` values (1, '{word}', '{member}', 3)".encode(encoding), "set names utf8mb4")
        change = line(told.lines(1)[0])
        assert change["table"] == name, charset
        assert change["after"] == {"id": Number(1), column: word, "e": member, f"{word} 3": Number(3)}, charset
