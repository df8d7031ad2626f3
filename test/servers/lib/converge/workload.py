"""A random workload: tables, statements over them in transactions, and schema changes meanwhile. What is called c_… goes to every
target; m_… has what only mirrors can follow, such as rows without a key, renamed tables and columns, and values of every type."""

import random
import threading
import time

import pymysql

from lib.mirror import TYPES, create_types

# Columns that come and go, each always of its own type, as indices of documents want it.
PASSING = {"x1": "int default 7", "x2": "varchar(30) default 'd'", "x3": "decimal(10,2) not null default 1.5", "x4": "datetime(3)"}

TABLES = {
    "c_main": "(id int primary key, who varchar(40), n bigint unsigned, price decimal(12,3), day date, at datetime(3), ts timestamp(3) null, "
              "clock time(3), ratio double, kind enum('a','it''s','ü'), flags set('r','g','b'), doc json, raw varbinary(40), bits bit(10), round int)",
    "c_pair": "(a int, b varchar(20) character set latin1, v decimal(9,2), round int, primary key (b, a))",
    "c_text": "(k varchar(40) character set utf8mb4 collate utf8mb4_general_ci primary key, v text, who varchar(40), round int)",
    "c_other": "(id int primary key, u varchar(30) unique, v int unique, who varchar(40), round int)",
    "c_wide": "(id int primary key, " + ", ".join(f"w{i} varchar(100)" for i in range(40)) + ", big mediumtext, raw mediumblob, round int)",
    "c_churn": "(id int primary key, who varchar(40), n int, round int)",
    "m_bare": "(what int, note varchar(20), at datetime(6))",
    "m_move": "(id int primary key, a varchar(20), b int, who varchar(30))",
}
ROWS = 1500  # ids of a table

# What a statement may meet while others change rows and tables: a lock wait, a deadlock; a column or table that is not there, a duplicate
# key, a savepoint that a deadlock took, a table that has changed.
LOCKED = {1205, 1213}
EXPECTED = LOCKED | {1054, 1146, 1062, 1305, 1412}
# Something that is there already or no more, no syntax of this server, a value that does not fit, a column that is dropped twice.
EXPECTED_OF_SCHEMA_CHANGES = {1050, 1051, 1060, 1061, 1064, 1091, 1265, 1406}


def schema(database):
    types = create_types("m_types")
    return (f"create database {database} character set utf8mb4; use {database}; " + "; ".join(f"create table {name} {words}" for name, words in TABLES.items()) +
            f"; {types}; " + "; ".join(f"insert into {name} ({key}) values ({value})" for name, key, value in (
                ("c_main", "id", "0"), ("c_pair", "a, b", "0, 'x'"), ("c_text", "k", "'k'"), ("c_other", "id", "0"), ("c_wide", "id", "0"),
                ("c_churn", "id", "0"), ("m_bare", "what", "0"), ("m_move", "id", "0"), ("m_types", "id", "0"))))


class Statements:
    """One session's dice, and the statements that they make."""

    def __init__(self, dice):
        self.dice = dice
        self.kinds = [self.main, self.main, self.main, self.pair, self.text_table, self.other, self.swap, self.wide, self.churn, self.bare,
                      self.move, self.types]

    def transaction(self):
        """Its statements, without BEGIN and COMMIT."""
        dice = self.dice
        words = [word for _ in range(dice.randrange(1, 8)) for word in dice.choice(self.kinds)()]
        if dice.random() < 0.2:
            at = dice.randrange(len(words))
            words.insert(at, "savepoint here")
            words.insert(dice.randrange(at + 1, len(words) + 1), "rollback to here")
        return words

    # Values

    def text(self):
        return self.dice.choice(["NULL", "''", "'x'", "'X '", "'ünï''🙂'", r"'a\\b\n\t'", f"'{self.dice.randrange(1 << 30):x}'"])

    def one(self):
        return self.dice.randrange(ROWS)

    def few(self):
        first = self.one()
        return f"between {first} and {first + self.dice.choice([0, 3, 30, 300])}"

    def day(self):
        return f"'{self.dice.randrange(1971, 2037)}-{self.dice.randrange(1, 13):02}-{self.dice.randrange(1, 29):02}'"

    def moment(self):
        dice = self.dice
        return f"'{self.day()[1:-1]} {dice.randrange(24):02}:{dice.randrange(60):02}:{dice.randrange(60):02}.{dice.randrange(1000):03}'"

    def main_values(self, row):
        dice = self.dice
        doc = dice.choice(["NULL", "'[]'", "'{}'", f"""'{{"a": [{row}, 2.5, null, true, "ü"], "b": {{"c": "{row:x}"}}}}'"""])
        return (f"({row}, {self.text()}, {dice.randrange(1 << 64)}, {dice.randrange(-10**11, 10**11) / 1000:.3f}, {self.day()}, {self.moment()}, "
                f"{self.moment()}, '{dice.randrange(-800, 800)}:{dice.randrange(60):02}:01.{dice.randrange(1000):03}', {dice.uniform(-1e6, 1e6)!r}, "
                + dice.choice(["NULL", "'a'", "'it''s'", "'ü'"]) + ", " + dice.choice(["NULL", "''", "'r,b'"]) +
                f", {doc}, x'{dice.randbytes(dice.randrange(20)).hex()}', {dice.randrange(1024)}, 0)")

    # Statements by table

    COLUMNS = "(id, who, n, price, day, at, ts, clock, ratio, kind, flags, doc, raw, bits, round)"

    def main(self):
        dice = self.dice
        count = dice.choice([1, 1, 5, 50, 300])
        first = self.one()
        values = ", ".join(self.main_values(row) for row in range(first, first + count))
        return [dice.choice([
            f"replace into c_main {self.COLUMNS} values {values}",
            f"insert into c_main {self.COLUMNS} values {values} on duplicate key update who = values(who), n = n + 1, doc = values(doc)",
            f"insert ignore into c_main {self.COLUMNS} values {values}",
            f"update c_main set who = {self.text()}, price = price + 1, ratio = {dice.random()!r} where id {self.few()}",
            f"update c_main set raw = x'{dice.randbytes(5).hex()}', flags = 'g', day = {self.day()} where id {self.few()}",
            f"update ignore c_main set id = {self.one()} where id = {self.one()}",
            f"update c_main set id = id + {ROWS} where id {self.few()} order by id desc",
            f"update ignore c_main set id = id - {ROWS} where id >= {ROWS} order by id limit 200",
            f"delete from c_main where id {self.few()}",
            f"delete from c_main where id >= {ROWS} limit 100",
        ])]

    def pair(self):
        dice = self.dice
        a, b = dice.randrange(40), "'" + dice.choice(["a", "A", "b", "Ä", "long key", "c,d", "e|f", "g\\\\h"]) + "'"
        return [dice.choice([
            f"replace into c_pair (a, b, v) values ({a}, {b}, {a}.5), ({a + 1}, {b}, null)",
            f"insert into c_pair (a, b, v) values ({a}, {b}, 1) on duplicate key update b = values(b), v = v + 1",
            f"update ignore c_pair set b = {b} where a = {a}",
            f"update ignore c_pair set a = a + 1 where b = {b} order by a desc",
            f"delete from c_pair where a = {a}"])]

    def text_key(self):
        return "'" + self.dice.choice(["k", "K", "kü", "kÜ", "日本", "a:b", "a,b", "🙂"]) + str(self.dice.randrange(30)) + "'"

    def text_table(self):
        return [self.dice.choice([
            f"replace into c_text (k, v, who) values ({self.text_key()}, {self.text()}, {self.text()})",
            f"insert into c_text (k, v) values ({self.text_key()}, repeat('y', {self.one()})) on duplicate key update k = values(k)",
            f"update ignore c_text set k = {self.text_key()} where k = {self.text_key()}",
            f"update ignore c_text set k = upper(k), who = {self.text()}",
            f"delete from c_text where k = {self.text_key()}"])]

    def other(self):
        dice = self.dice
        row, u = self.one() % 300, dice.randrange(300)
        return [dice.choice([
            f"replace into c_other (id, u, v, who) values ({row}, 'u{u}', {u}, {self.text()})",
            f"insert into c_other (id, u, v) values ({row}, 'u{u}', null) on duplicate key update u = null, v = {row}",
            f"update ignore c_other set u = 'u{u}' where id = {row}",
            f"update ignore c_other set id = id + 1 where id between {row} and {row + 5} order by id desc",
            f"delete from c_other where id {self.few()}"])]

    def swap(self):
        """Two rows change keys, or values of a unique index."""
        a, b = self.dice.sample(range(100), 2)
        return self.dice.choice([
            [f"update c_main set id = -1 where id = {a}", f"update ignore c_main set id = {a} where id = {b}", f"update ignore c_main set id = {b} where id = -1",
             "delete from c_main where id = -1"],
            [f"update c_other set v = null where id = {a}", f"update ignore c_other set v = {a} where id = {b}",
             f"update ignore c_other set v = {b} where id = {a}"]])

    def wide(self):
        dice = self.dice
        row = dice.randrange(100)
        return [dice.choice([
            f"replace into c_wide (id, w0, w20, w39, big, raw) values ({row}, {self.text()}, {self.text()}, 'z', repeat('é', {dice.randrange(9000)}), "
            f"repeat(x'00ff', {dice.randrange(5000)}))",
            f"update c_wide set w{dice.randrange(40)} = {self.text()}, w{dice.randrange(40)} = {self.text()} where id = {row}",
            f"delete from c_wide where id = {row}"])]

    def churn(self):
        row, passing = self.one() % 500, self.dice.choice([*PASSING])
        value = {"x1": "5", "x2": self.text(), "x3": "2.25", "x4": self.moment()}[passing]
        return [self.dice.choice([
            f"replace into c_churn (id, who, n) values ({row}, {self.text()}, {row}), ({row + 1}, 'y', 0), ({row + 2}, null, 1)",
            f"replace into c_churn (id, {passing}) values ({row}, {value})",
            f"update c_churn set {passing} = {value} where id {self.few()}",
            f"update ignore c_churn set id = id + 1, n = n + 1 where id {self.few()} order by id desc",
            f"delete from c_churn where id = {row}"])]

    def bare(self):
        n = self.dice.randrange(20)
        return [self.dice.choice([
            f"insert into m_bare values ({n}, {self.text()}, {self.moment()}), ({n}, null, null), ({n}, null, null)",
            f"update m_bare set what = {n}, note = 'u' where what = {self.dice.randrange(20)} limit 2",
            f"delete from m_bare where what = {n} limit 4"])]

    def move(self):
        row = self.dice.randrange(200)
        table, column = self.dice.choice(["m_move", "m_moved"]), self.dice.choice(["a", "aa"])
        return [self.dice.choice([
            f"replace into {table} (id, {column}, b, who) values ({row}, {self.text()}, {row}, 'w')",
            f"update {table} set {column} = {self.text()}, b = b + 1 where id {self.few()}",
            f"update ignore {table} set id = id + 1 where id between {row} and {row + 4} order by id desc",
            f"delete from {table} where id = {row}"])]

    def types(self):
        dice = self.dice
        row, column = dice.randrange(20), dice.choice([name for name in TYPES if name not in ("tx", "bl") or dice.random() < 0.1])
        return [dice.choice([
            f"replace into m_types (id, {column}) values ({row}, {dice.choice(TYPES[column][1])})",
            f"update m_types set {column} = {dice.choice(TYPES[column][1])} where id = {row}",
            f"update m_types set {column} = {dice.choice(TYPES[column][1])} where id = {row}",
            f"update ignore m_types set id = {dice.randrange(20)} where id = {row}"])]

    def schema_change(self):
        dice = self.dice
        name = dice.choice([*PASSING])
        table = dice.choice(["c_churn", "c_churn", "c_main", "c_text"])
        return dice.choice([
            f"alter table {table} add column {name} {PASSING[name]}",
            f"alter table {table} add column {name} {PASSING[name]}",
            f"alter table {table} drop column {name}",
            f"truncate table {dice.choice(['c_wide', 'm_bare'])}",
            "drop table c_churn", f"create table if not exists c_churn {TABLES['c_churn']}", f"create table if not exists c_churn {TABLES['c_churn']}",
            f"create or replace table c_churn {TABLES['c_churn']}",
            "rename table m_move to m_moved", "alter table m_moved rename to m_move", "rename table m_moved to m_move, m_nothing to m_any",
            "alter table m_move rename column a to aa", "alter table m_move rename column aa to a", "alter table m_moved change aa a varchar(40)",
            "alter table m_move modify b bigint, modify a varchar(200)", "alter table m_move drop who", "alter table m_move add who varchar(30) not null default 'again'",
            # What fails, wholly or in parts.
            "alter table c_main add unique (flags)", "create table c_pair (a int)", "drop table if exists c_nothing", "truncate table c_nothing",
            "alter table c_text add column k int", "drop table c_nothing"])


class Session(threading.Thread):
    """Does what its dice say until it is told to end, and rests when it is told to. `changes`: rows, as the server counts them."""

    def __init__(self, server, database, seed, ending, resting):
        super().__init__(daemon=True)
        self.statements, self.ending, self.resting = Statements(random.Random(seed)), ending, resting
        self.connection = server.connect(database=database, autocommit=False, init_command="set time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES', "
                                         "innodb_lock_wait_timeout = 1, lock_wait_timeout = 2")
        self.changes, self.error = 0, None
        self.start()

    def run(self):
        try:
            with self.connection.cursor() as cursor:
                while not self.ending.is_set():
                    if self.resting.is_set():
                        time.sleep(0.05)
                    else:
                        self.work(cursor)
        except Exception as error:  # told by whoever joins it
            self.error = error
        finally:
            self.connection.close()

    def work(self, cursor):
        changes, ends_well = 0, self.statements.dice.random() < 0.9
        for statement in self.statements.transaction():
            try:
                changes += cursor.execute(statement)
            except pymysql.MySQLError as error:
                self.judge(statement, error)
                if error.args[0] in LOCKED:
                    ends_well = False
                    break
        if ends_well:
            self.connection.commit()
            self.changes += changes
        else:
            self.connection.rollback()

    @staticmethod
    def judge(statement, error, more=frozenset()):
        if error.args[0] not in EXPECTED | more:
            raise RuntimeError(f"{statement[:300]}: {error}") from error


class SchemaSession(Session):
    """Changes the tables, a statement now and then. `altered`: those whose rows have columns now of which the log tells nothing."""

    def __init__(self, *arguments):
        self.altered = set()
        super().__init__(*arguments)

    def work(self, cursor):
        statement = self.statements.schema_change()
        try:
            cursor.execute(statement)
            self.changes += 1
            if statement.startswith("alter table c_"):
                self.altered.add(statement.split()[2])
        except pymysql.MySQLError as error:
            self.judge(statement, error, EXPECTED_OF_SCHEMA_CHANGES)
        time.sleep(self.statements.dice.uniform(0.05, 0.5))
