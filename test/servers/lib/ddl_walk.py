"""Random schema changes that mostly succeed, seeded."""

TABLES = ["t1", "t2", "t3", "Big", "we`ird", "ünï", "a b", "1st"]
COLUMNS = ["c1", "c2", "c3", "c4", "key", "a b", "x`y", "Übung", "select", "period", "First", "c$1", "2nd", "vector"]
CHARSETS = ["latin1", "utf8mb4", "utf8mb3", "ascii", "gbk", "greek", "binary"]
COLLATIONS = ["utf8mb4_bin", "latin1_bin", "latin1_german1_ci", "utf8mb4_unicode_ci"]
INTEGERS = ["tinyint", "smallint", "mediumint", "int", "integer", "bigint", "int1", "int8", "middleint", "bool"]
PLAIN = ["bit", "bit(9)", "float", "float(10)", "float(30)", "float(7,3)", "double precision", "real", "dec", "numeric(7)",
         "decimal(20,5)", "fixed(3,1) unsigned", "date", "time", "time(3)", "datetime", "datetime(6)", "timestamp",
         "timestamp(2) null", "year", "binary", "binary(5)", "varbinary(9)", "blob", "blob(70000)", "tinyblob", "long varbinary",
         "longblob", "char byte", "geometry", "point", "geometrycollection", "multipolygon", "nchar(5)",
         "national varchar(6)", "nvarchar(3)", "char(3) charset binary"]
TEXTS = ["char", "char(20)", "varchar(30)", "char varying(4)", "tinytext", "text", "text(100)", "text(30000)", "mediumtext",
         "longtext", "long", "long varchar", "varchar(20000)", "enum('a','it''s',\"q\",'x  ')", "set('r','g','b')",
         "varchar(5) binary", "character varying(7)"]


class Walk:
    def __init__(self, random, kind, database):
        self.random = random
        self.kind = kind
        self.mariadb = kind.startswith("mariadb")
        self.old = kind == "mysql-5.6"
        self.database = database
        self.ansi = False

    def chance(self, part):
        return self.random.random() < part

    def name(self, text):
        quote = '"' if self.ansi and self.chance(0.7) else "`"
        if text.isidentifier() and text.isascii() and text.lower() not in ("key", "select", "period", "first", "vector"):
            if self.chance(0.5):
                return text
        return quote + text.replace(quote, quote * 2) + quote

    def column_name(self, table=None):
        if table and table["columns"] and self.chance(0.9):
            name = self.random.choice(table["columns"])["name"]
            return self.name(name.upper() if name.isascii() and self.chance(0.1) else name)
        return self.name(self.random.choice(COLUMNS))

    def table_name(self, shapes=None):
        if shapes and self.chance(0.95):
            database, table = self.random.choice(sorted(shapes))
            return self.name(table) if database == self.database and self.chance(0.7) else \
                f"{self.name(database)}{self.random.choice(['.', ' . '])}{self.name(table)}"
        return self.name(self.random.choice(TABLES))

    # Columns

    def type(self):
        pick = self.random.random()
        if pick < 0.25:
            text = self.random.choice(INTEGERS)
            if text != "bool" and self.chance(0.3):
                text += f"({self.random.randrange(1, 12)})"
            return text + self.random.choice(["", "", " unsigned", " signed", " zerofill", " unsigned zerofill"])
        if pick < 0.6:
            text = self.random.choice(TEXTS)
            more = self.random.random()
            if more < 0.25:
                text += f" {self.random.choice(['character set', 'charset'])} {self.random.choice(CHARSETS[:5])}"
            elif more < 0.4:
                text += f" collate {self.random.choice(COLLATIONS)}"
            return text
        new = []
        if not self.old:
            new = ["json", "json"]
        if self.mariadb:
            new += ["uuid", "inet6", "inet4", "text compressed", "varchar(90) compressed"]
        if self.kind == "mysql-9.7":
            new += ["vector(5)", "vector", "geomcollection", "point srid 4326", "point srid 0"]
        if self.kind == "mariadb-11.8":
            new += ["vector(7)"]
        return self.random.choice(new) if new and self.chance(0.3) else self.random.choice(PLAIN)

    def attributes(self):
        words = []
        if self.chance(0.3):
            words.append(self.random.choice(["not null", "null"]))
        if self.chance(0.25):
            words.append("comment " + self.random.choice(["'plain'", "'it''s, (a) \"comment\"'", "'NOT NULL, b int'", "''"]))
        if self.chance(0.1):
            words.append("default null" if "not null" not in words else "unique key")
        if self.chance(0.1) and not self.old:
            words.append("invisible")
        if self.chance(0.06):
            words.append(self.random.choice(["primary key", "unique", "key"]))
        if self.chance(0.1) and not self.old:
            words.append("check (1 + (2 * 3) > 0)")
        if self.chance(0.05):
            words.append("references t1 (c1) on delete set null on update no action")
        self.random.shuffle(words)
        return " ".join(words)

    def definition(self, name=None):
        name = name or self.column_name()
        special = self.random.random()
        if special < 0.05 and not self.old:
            how = self.random.choice(["virtual", "stored", ""])
            return f"{name} int {self.random.choice(['generated always ', ''])}as (1 + (2 * 3)) {how}"
        if special < 0.08:
            return f"{name} serial"
        if special < 0.12:
            return f"{name} timestamp default current_timestamp on update current_timestamp {self.attributes()}"
        if special < 0.16:
            return f"{name} varchar(20) default {self.random.choice(['_latin1', ''])}'not null, (x' {self.attributes()}"
        if special < 0.19 and not self.old:
            return f"{name} int default (1 + length(concat(')', '('))) {self.attributes()}"
        return f"{name} {self.type()} {self.attributes()}"

    def options(self):
        found = []
        if self.chance(0.3):
            found.append(f"{self.random.choice(['default ', ''])}{self.random.choice(['charset', 'character set'])}"
                         f"{self.random.choice(['=', ' ', ' = '])}{self.random.choice(CHARSETS)}")
        if self.chance(0.2):
            found.append(f"collate {self.random.choice(COLLATIONS)}")
        if self.chance(0.3):
            found.append("comment = 'charset=latin1, it''s'")
        if self.chance(0.3):
            found.append("engine=innodb")
        self.random.shuffle(found)
        return self.random.choice([" ", ", "]).join(found)

    # Statements

    def create(self, shapes):
        if shapes and self.chance(0.15):
            like = self.table_name(shapes)
            return f"create table {self.table_name()} " + self.random.choice([f"like {like}", f"(like {like})"])
        if self.mariadb and shapes and self.chance(0.05):
            return f"create or replace table {self.table_name(shapes)} (c1 int, c2 text)"
        if shapes and self.chance(0.08):
            return f"create table {self.table_name()} (c9 int) select * from {self.table_name(shapes)}"
        names = self.random.sample(COLUMNS, self.random.randrange(1, 7))
        items = [self.definition(self.name(n)) for n in names]
        if self.chance(0.4):
            key = self.random.sample(names, min(len(names), self.random.randrange(1, 3)))
            items.append(f"{self.random.choice(['', 'constraint ', 'constraint pk '])}primary key "
                         f"({', '.join(self.name(k) for k in key)})")
        if self.chance(0.3):
            items.insert(self.random.randrange(len(items) + 1), f"{self.random.choice(['key', 'index', 'unique index'])} "
                         f"`primary key` ({self.name(names[0])})")
        exists = "if not exists " if self.chance(0.2) else ""
        tail = " with system versioning" if self.mariadb and self.chance(0.08) else ""
        if self.chance(0.1):
            tail = " partition by hash (1) partitions 3"
        return f"create table {exists}{self.table_name(shapes if exists else None)} ({', '.join(items)}) {self.options()}{tail}"

    def place(self, table):
        pick = self.random.random()
        return " first" if pick < 0.2 else f" after {self.column_name(table)}" if pick < 0.4 else ""

    def clause(self, table):
        column = self.column_name(table)
        if_exists = "if exists " if self.mariadb and self.chance(0.2) else ""
        if_not = "if not exists " if self.mariadb and self.chance(0.2) else ""
        word = self.random.choice(["column ", ""])
        pick = self.random.randrange(20)
        if pick < 4:
            return f"add {word}{if_not}{self.definition()}{self.place(table)}"
        if pick < 5:
            return f"add {word}({self.definition()}, {self.definition()})"
        if pick < 7:
            return f"drop {word}{if_exists}{column}"
        if pick < 10:
            return f"modify {word}{if_exists}{self.definition(column)}{self.place(table)}"
        if pick < 12:
            return f"change {word}{if_exists}{column} {self.definition()}{self.place(table)}"
        if pick < 13 and not self.old:
            return f"rename column {column} to {self.column_name()}"
        if pick < 14:
            return self.random.choice(["drop primary key", f"add primary key ({column})"])
        if pick < 15:
            return f"convert to character set {self.random.choice(CHARSETS[:5])}"
        if pick < 16:
            return self.options() or "force"
        if pick < 17:
            return f"rename {self.random.choice(['to ', 'as ', ''])}{self.table_name()}"
        if pick < 18:
            visible = self.random.choice(["set visible", "set invisible"]) if self.kind == "mysql-9.7" else "drop default"
            return f"alter {word}{column} {visible}"
        if self.mariadb and pick < 19:
            return self.random.choice(["add system versioning", "drop system versioning"])
        other = self.column_name(table)
        unique = f"add unique {self.random.choice(['', 'key u1 ', 'index '])}({column}{self.random.choice(['', ', ' + other, ' desc'])})"
        keys = [unique, unique]
        if table["unique"]:
            gone = self.name(self.random.choice(table["unique"]))
            keys += [f"drop {self.random.choice(['index', 'key'])} {gone}"]
            keys += [] if self.old else [f"rename index {gone} to u{self.random.randrange(9)}"]
        return self.random.choice([f"add index ({column})", "algorithm=copy", "order by " + column, "enable keys", "engine=innodb", *keys])

    def alter(self, shapes):
        database, name = self.random.choice(sorted(shapes))
        table = shapes[database, name]
        clauses = [self.clause(table) for _ in range(self.random.choice([1, 1, 1, 2, 3, 4]))]
        if self.mariadb and not (name.isascii() and name.isalnum()):
            # The server's mistake: with a copy beside the RENAME, a table whose file's name is encoded keeps its old name
            # as well, empty.
            clauses = [c for c in clauses if not c.startswith("rename ") or c.startswith("rename column")] or ["force"]
        if self.kind == "mysql-9.7" and any(c.startswith("convert") for c in clauses):
            # The server's mistake: beside a conversion, a TEXT that is modified gets the length of what it was before.
            clauses = [c for c in clauses if not c.startswith(("modify", "change"))]
        words = self.random.choice(["alter table", "ALTER TABLE", "alter/**/table", "/* x */ alter -- y\n table"])
        if self.mariadb and self.chance(0.1):
            words += " if exists"
        return f"{words} {self.name(database)}.{self.name(name)} {', '.join(clauses)}"

    def rename(self, shapes):
        a, b = self.table_name(shapes), self.table_name(shapes)
        if self.chance(0.5):
            return f"rename table {a} to {self.table_name()}"
        return f"rename table {a} to tmp_x, {b} to {a}, tmp_x to {b}"

    def statement(self, shapes):
        pick = self.random.random()
        if not shapes or (pick < 0.25 and len(shapes) < 10):
            return self.create(shapes)
        if pick < 0.8:
            return self.alter(shapes)
        if pick < 0.88:
            return self.rename(shapes)
        if pick < 0.92:
            return f"drop table {'if exists ' if self.chance(0.5) else ''}{self.table_name(shapes)}"
        if pick < 0.94:
            return f"truncate {self.random.choice(['table ', ''])}{self.table_name(shapes)}"
        if pick < 0.96:
            return f"alter database {self.name(self.database)} charset {self.random.choice(CHARSETS)}"
        if pick < 0.98:
            unique = self.random.choice(["", "unique "])
            return f"create {unique}index i{self.random.randrange(99)} on {self.table_name(shapes)} ({self.column_name()})"
        (database, table), shape = self.random.choice(sorted(shapes.items(), key=lambda item: item[0]))
        gone = self.random.choice(["primary", *shape["unique"]])
        return f"drop index {self.name(gone)} on {self.name(database)}.{self.name(table)}"
