"""Conditions (`where`): random ones beside the server evaluating the same over the same rows, and what becomes of changes that enter
and leave a condition, of columns that are not there and of row images that do not carry them."""

import json
import os
import random
import re

import pytest

from lib.sluice import run, until

SEED = int(os.environ.get("SLUICE_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 31)
CONDITIONS = 100
ROWS = 60

COLUMNS = {
    "money": "decimal(20,4)", "fine": "decimal(65,30)", "whole": "decimal(10,0)", "big": "bigint unsigned", "i": "int", "f": "double",
    "day": "date", "made": "datetime(3)", "stamp": "timestamp(6) null", "span": "time(1)",
    "s": "varchar(40) character set utf8mb4 collate utf8mb4_nopad_bin", "u": "varchar(40) character set utf8mb4 collate utf8mb4_nopad_bin",
    "state": "enum('new','paid','sent') character set utf8mb4 collate utf8mb4_nopad_bin",
}
TEXTS = ["''", "'a'", "'ab'", "'Ab'", "'ab '", "'zoë'", "'x_y'", "'50%'", "'it''s'"]


class Maker:
    """Expressions that the server and Sluice must judge alike. Where docs/rules.md says that they differ (text beside numbers, results
    beyond 65 digits, the last digits of quotients, collations) none is made."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def one(self, *all):
        return self.random.choice(all)

    def value(self, column):
        r = self.random
        if r.random() < 0.15:
            return "null"
        date = f"20{r.randrange(20, 27)}-{r.randrange(1, 13):02}-{r.randrange(1, 29):02}"
        clock = f"{r.randrange(24):02}:{r.randrange(60):02}:{r.randrange(60):02}"
        return {
            "money": lambda: self.decimal(12, 4), "fine": lambda: self.decimal(18, 30), "whole": lambda: str(r.randrange(-30, 30)),
            "big": lambda: str(self.one(0, 7, 1 << 63, (1 << 64) - 1, r.randrange(1 << 64))), "i": lambda: str(r.randrange(-20, 20)),
            "f": lambda: repr(self.one(0.1, -2.5, 1e20, r.uniform(-50, 50))), "day": lambda: f"'{date}'",
            "made": lambda: f"'{date} {clock}.{r.randrange(1000):03}'", "stamp": lambda: f"'{date} {clock}.{r.randrange(10**6):06}'",
            "span": lambda: f"'{self.one('', '-')}{r.randrange(839):02}:{r.randrange(60):02}:{r.randrange(59):02}.{r.randrange(10)}'",
            "state": lambda: self.one("'new'", "'paid'", "'sent'"),
        }.get(column, lambda: self.one(*TEXTS))()

    def decimal(self, whole, scale):
        r = self.random
        digits = "".join(r.choice("0123456789") for _ in range(r.randrange(scale + 1)))
        return f"{self.one('', '-')}{r.randrange(10 ** r.randrange(1, whole))}.{digits or '0'}"

    def exact(self, depth):
        if depth == 0:
            return self.one("money", "whole", "i", "fine", self.decimal(3, 3), str(self.random.randrange(20)))
        a = self.exact(depth - 1)
        return self.one(f"({a} + {self.exact(depth - 1)})", f"({a} - {self.exact(depth - 1)})", f"(-{a})", f"abs({a})",
                        f"({self.one('money', 'i', 'whole')} * {self.one('money', 'i', 'whole')})", f"(fine * {self.random.randrange(50)})",
                        f"({a} % {self.one('i', 'whole', '7', '2.5')})", f"round({a}, {self.random.randrange(4)})", f"round({a})",
                        f"coalesce({a}, i)", f"char_length({self.text(depth - 1)})", f"length({self.text(depth - 1)})",
                        f"year({self.moment()})", f"month({self.moment()})", f"day({self.moment()})", f"hour({self.one('made', 'stamp', 'span')})",
                        f"minute({self.one('made', 'span')})", f"second({self.one('stamp', 'span')})",
                        f"case when {self.condition(depth - 1)} then {a} else whole end")

    def moment(self):
        return self.one("day", "made", "stamp", "date(made)", "date(stamp)")

    def text(self, depth):
        if depth <= 0:
            return self.one("s", "u", "state", *TEXTS)
        a = self.text(depth - 1)
        return self.one(f"lower({a})", f"upper({a})", f"substr({a}, {self.random.choice([-3, -2, -1, 0, 1, 2, 3])})",
                        f"substr({a}, {self.random.randrange(1, 4)}, {self.random.randrange(4)})", f"concat({a}, {self.text(depth - 1)})",
                        f"concat({a}, {self.one('money', 'fine', 'i', 'day', 'made', 'stamp', 'span')})", f"coalesce({a}, u)")

    def kind(self, depth):
        """Makes values that can be compared with each other."""
        return self.one(lambda: self.exact(depth), lambda: self.text(depth),
                        lambda: self.one(self.moment(), self.moment(), self.value("day"), self.value("made")),
                        lambda: self.one("span", "span", self.value("span")), lambda: self.one("big", "big", self.value("big"), "i"),
                        lambda: self.one("f", "(f + i)", "(f * 2)", "2.5e0"))

    def condition(self, depth):
        r = self.random
        if depth > 0 and r.random() < 0.45:
            a, b = self.condition(depth - 1), self.condition(depth - 1)
            return self.one(f"({a} and {b})", f"({a} or {b})", f"(not {a})", f"(case when {a} then {b} else {self.condition(0)} end)")
        make = self.kind(min(depth, 2))
        sign = self.one("=", "<>", "<", "<=", ">", ">=", "<=>")
        return self.one(
            f"({make()} {sign} {make()})", f"({make()} {sign} {make()})", f"({make()} {self.one('', 'not ')}between {make()} and {make()})",
            f"({make()} {self.one('', 'not ')}in ({make()}, {make()}, {make()}))", f"({self.one(*COLUMNS)} is {self.one('', 'not ')}null)",
            f"({self.text(1)} {self.one('', 'not ')}like {self.one(*LIKES)})",
            f"({self.text(1)} {self.one('', 'not ')}regexp {self.one(*REGEXPS)})",
            f"({self.one('money', 'i', 'fine')} / {self.one('i', 'whole', 'money')} {self.one('<', '>')} {self.one('0.123456', '-2.71', '17.17')})")


LIKES = ["'%a%'", "'a_'", "'%b'", "'_'", "'%|%' escape '|'", "'x|_y' escape '|'", "'__%'", "''"]
REGEXPS = ["'^a'", "'b$'", "'[a-z]{2}'", "'^(ab|zo)'", "'^.{3}$'", "'%'"]


def configuration(server, database, sinks, more=""):
    return (f"state: ./state\nsource:\n  url: {server.url}\n  start: earliest\ntables: ['{database}.*']\n{more}sinks:\n" + "".join(
        f"  {name}:\n    sink: file\n    path: ./{name}.jsonl\n    operations: [insert, update, delete]\n    where: {json.dumps(where)}\n"
        for name, where in sinks.items()))


def said(done):
    """Without the program's name before each line."""
    return re.sub("^sluice [a-z]+: ", "", done.stderr, flags=re.MULTILINE)


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_the_server_judges_alike(shared, database, sluice, tmp_path):
    server = shared("mariadb-11.8", full=True, gtid=True)
    maker = Maker(SEED)
    conditions = [maker.condition(maker.random.randrange(4)) for _ in range(CONDITIONS)]
    columns = ", ".join(f"{name} {declared}" for name, declared in COLUMNS.items())
    rows = ", ".join("(" + ", ".join([str(number), *(maker.value(name) for name in COLUMNS)]) + ")" for number in range(ROWS))
    connection = server.connect(database="")
    with connection.cursor() as cursor:
        cursor.execute("set names utf8mb4 collate utf8mb4_nopad_bin, time_zone = '+00:00', sql_mode = 'error_for_division_by_zero', div_precision_increment = 30")
        cursor.execute(f"create database {database}")
        cursor.execute(f"create table {database}.t (id int primary key, {columns})")
        cursor.execute(f"insert into {database}.t values {rows}")
        connection.commit()
        expected = {}
        for number, condition in enumerate(conditions):
            cursor.execute(f"select id from {database}.t where {condition.replace(chr(92), chr(92) * 2)} order by id")
            expected[f"n{number}"] = [row[0] for row in cursor.fetchall()]
    connection.close()
    (tmp_path / "sluice.yaml").write_text(configuration(server, database, {f"n{n}": c for n, c in enumerate(conditions)}))
    process = sluice("run", tmp_path / "sluice.yaml")

    def wrong():
        return [f"{conditions[int(name[1:])]}\n  expected {ids}\n  got      {got}" for name, ids in expected.items()
                if (got := [line["after"]["id"] for line in lines(tmp_path / f"{name}.jsonl")]) != ids]

    try:
        until(lambda: not wrong(), "all conditions judged")
    except AssertionError:
        pytest.fail(f"seed {SEED}:\n" + "\n".join(wrong()[:10]) + process.stderr[-2000:])
    assert sum(map(len, expected.values())) > ROWS * CONDITIONS / 10, "too few rows pass for a comparison"
    assert process.terminate() == 0


def test_changes_that_enter_and_leave(shared, database, sluice, tmp_path):
    server = shared("mariadb-11.8", full=True, gtid=True)
    server.sql(f"create database {database}; create table {database}.t (id int primary key, n int, note text); "
               f"create table {database}.other (id int primary key)")
    server.sql(f"insert into {database}.t values (1, 5, 'a'), (2, 50, 'b'), (9, 99, 'end'); update {database}.t set n = 60 where id = 1; "
               f"update {database}.t set n = 6 where id = 2; update {database}.t set note = 'c' where id = 1; "
               f"delete from {database}.t; insert into {database}.other values (3)")
    sinks = {"now": "table <> 't' OR n > 10", "either": "table = 't' AND (n > 10 OR OLD.n > 10)", "changed": "table = 't' AND changed(n)",
             "gone": "table = 't' AND operation = 'delete' AND n BETWEEN 1 AND 80"}
    (tmp_path / "sluice.yaml").write_text(configuration(server, database, sinks, "where: table = 'other' OR id <> 9\n"))
    process = sluice("run", tmp_path / "sluice.yaml")
    told = lambda name: [(line["op"][0], (line.get("after") or line["before"])["id"]) for line in lines(tmp_path / f"{name}.jsonl")]
    expected = {
        "now": [("i", 2), ("u", 1), ("u", 1), ("d", 1), ("i", 3)],
        "either": [("i", 2), ("u", 1), ("u", 2), ("u", 1), ("d", 1)],
        "changed": [("i", 1), ("i", 2), ("u", 1), ("u", 2), ("d", 1), ("d", 2)],
        "gone": [("d", 1), ("d", 2)],
    }
    try:
        until(lambda: {name: told(name) for name in sinks} == expected, "the changes")
    except AssertionError:
        assert {name: told(name) for name in sinks} == expected
    assert process.terminate() == 0


def test_mistakes_are_told_with_their_place(shared, database, tmp_path):
    server = shared("mariadb-11.8", full=True, gtid=True)
    server.sql(f"create database {database}; create table {database}.t (id int primary key, price int)")
    config = tmp_path / "sluice.yaml"
    config.write_text(configuration(server, database, {"out": "price = 'x' AND"}))
    done = run("check", config, check=False)
    assert done.returncode == 2
    assert "where: column 16: expected a value, got the end\n    price = 'x' AND\n                   ^" in said(done)
    config.write_text(configuration(server, database, {"out": "id > 0 AND prise > 5"}).replace("start: earliest", "start: now"))
    done = run("run", config, check=False, timeout=30)
    assert done.returncode == 2
    assert (f"where: column 12: {database}.t has no column 'prise'; did you mean 'price'?\n    id > 0 AND prise > 5\n               ^"
            in said(done))


# What is written of a sink, and what is said of it.
PLACES = {
    "where: 'id > 0 AND prise > 5'": "where: column 12: {table} has no column 'prise'; did you mean 'price'?",
    "compute: ['twice = 2 * prise']": "compute: twice: column 5: {table} has no column 'prise'; did you mean 'price'?",
    "routes: {r: {tables: ['*'], when: 'price = 1 AND prise = 2', to: ./x}}": "when: column 15: {table} has no column 'prise'; did you mean 'price'?",
    "path: './{column:prise}'": "'./{{column:prise}}' names the column prise, which table {table} does not have",
    "compute: ['twice = 2 * price']\n    routes: {r: {tables: ['*'], when: 'twice = 1 AND thrice = 2', to: ./x}}":
        "when: column 15: {table} has no column 'thrice'",
}


@pytest.mark.parametrize("line", PLACES)
def test_what_does_not_fit_a_table_is_told_before_anything_runs(shared, database, sluice, tmp_path, line):
    """By `run` at its first start; by `check` where the state folder knows the tables."""
    server = shared("mariadb-11.8", full=True, gtid=True)
    server.sql(f"create database {database}; create table {database}.t (id int primary key, price int)")
    config = tmp_path / "sluice.yaml"
    head = f"state: ./state\nsource:\n  url: {server.url}\ntables: ['{database}.*']\nsinks:\n  out:\n"
    good = f"{head}    sink: file\n" + ("" if line.startswith("path") else "    path: ./out\n")
    wrong = f"{good}    {line}\n"
    config.write_text(wrong)
    assert run("check", config).returncode == 0  # nobody knows the tables
    done = run("run", config, check=False, timeout=30)
    assert done.returncode == 2
    words = re.escape(PLACES[line].format(table=f"{database}.t"))
    assert re.search(rf"sluice\.yaml:\d+:\d+: {words}", done.stderr), done.stderr
    config.write_text(f"{head}    sink: file\n    path: ./out\n")
    process = sluice("run", config)
    process.wait_for_error("reading ")
    server.sql(f"insert into {database}.t values (1, 1)")
    until(lambda: lines(tmp_path / "out"), "the change")
    assert process.terminate() == 0
    config.write_text(wrong)
    done = run("check", config, check=False)
    assert done.returncode == 2 and re.search(rf"sluice\.yaml:\d+:\d+: {words}", done.stderr), done.stderr


def test_what_a_row_image_leaves_out_is_not_null(shared, database, sluice, tmp_path):
    server = shared("mariadb-11.8", full=True, gtid=True)
    server.sql(f"create database {database}; create table {database}.t (id int primary key, n int, m int)")
    server.sql(f"set session binlog_row_image = minimal; insert into {database}.t values (1, 5, 5), (2, 6, 6); "
               f"update {database}.t set n = 7 where id = 1; update {database}.t set m = 8 where id = 2; delete from {database}.t")
    (tmp_path / "sluice.yaml").write_text(configuration(server, database, {"out": "n > 0 AND operation <> 'delete'"}))
    done = run("run", tmp_path / "sluice.yaml", check=False, timeout=30)
    assert done.returncode == 1
    assert "does not carry all of the column 'n'" in done.stderr and "binlog_row_image = FULL" in done.stderr
    assert len(lines(tmp_path / "out.jsonl")) <= 3
    (tmp_path / "sluice.yaml").write_text(configuration(server, database, {"out": "operation <> 'delete' AND (id = 2 OR n > 0)"}))
    process = sluice("run", tmp_path / "sluice.yaml")
    until(lambda: len(lines(tmp_path / "out.jsonl")) >= 4, "the rest")
    assert process.terminate() == 0


def test_tail_and_decode_take_a_condition(shared, database):
    server = shared("mariadb-10.11", full=True)
    place = ":".join(map(str, server.binlog_position()))
    server.sql(f"create database {database}; create table {database}.t (id int primary key, total decimal(9,2));"
               f"insert into {database}.t values (1, 5), (2, 50); update {database}.t set total = 51 where id = 2; drop database {database}")
    tail = run("tail", server.url, "--from", place, "--until", "now", "--no-ddl", "--tables", f"{database}.*", "--where", "total > 50.5").stdout
    assert [json.loads(line)["op"] for line in tail.splitlines()] == ["update"]
    file = server.binlog_files()[-1]
    decode = run("decode", file, "--no-ddl", "--tables", f"{database}.*", "--where", "OLD.total = 50 OR id = 1").stdout
    assert [json.loads(line)["op"] for line in decode.splitlines()] == ["insert", "update"]
    done = run("decode", file, "--where", "total >", check=False)
    assert done.returncode == 2 and done.stderr.startswith("sluice decode: --where: column 8: expected a value"), done.stderr


def test_rows_go_where_they_belong_with_columns_of_their_own(shared, database, sluice, tmp_path):
    server = shared("mariadb-11.8", full=True, gtid=True)
    server.sql(f"create database {database}; create table {database}.t (id int primary key, net decimal(10,2), mail text); "
               f"insert into {database}.t values (1, 10.00, 'ann@example.com'), (2, 2000, null), (3, 99999999.99, 'bob@x.org'); "
               f"update {database}.t set net = 20 where id = 2")
    (tmp_path / "sluice.yaml").write_text(
        f"state: ./state\nsource:\n  url: {server.url}\n  start: earliest\ntables: ['{database}.*']\n"
        "sinks:\n  out:\n    sink: file\n    path: ./small.jsonl\n    operations: [insert, update]\n    columns: ['!*.*.mail']\n"
        f"    compute: ['{database}.t.gross = round(net * 1.19, 2)', \"domain = substr(mail, -7)\", 'kind = operation']\n"
        "    rename: ['*.t.id = number']\n"
        "    routes:\n      large: {tables: ['*.t'], when: net > 1000, to: ./large.jsonl}\n")
    process = sluice("run", tmp_path / "sluice.yaml")
    row = lambda number, net, gross, domain, kind="insert": {
        "number": number, "net": net, "gross": gross, "domain": domain, "kind": kind}
    expected = {
        "small": [row(1, "10.00", "11.90", "ple.com"), row(2, "20.00", "23.80", None, "update")],
        "large": [row(2, "2000.00", "2380.00", None), row(3, "99999999.99", "118999999.99", "b@x.org")],
    }
    told = lambda: {name: [{key: str(value) if key in ("net", "gross") else value for key, value in line["after"].items()}
                           for line in lines(tmp_path / f"{name}.jsonl")] for name in expected}
    try:
        until(lambda: told() == expected, "the rows")
    except AssertionError:
        assert told() == expected, process.stderr
    (before,) = [line["before"] for line in lines(tmp_path / "small.jsonl") if line["op"] == "update"]
    assert (before["number"], str(before["gross"])) == (2, "2380.00")
    assert process.terminate() == 0
