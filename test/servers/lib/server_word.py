"""What a server says its tables hold, and what lines of changes say they hold, in one form, so that the two can be compared.

Every value is fetched by an expression that shows all of it (floats as doubles, text as the bytes of its UTF-8, TIMESTAMP in
UTC), so that neither side's formatting hides a difference.
"""

import base64
import json
import struct

SYSTEM = ("mysql", "information_schema", "performance_schema", "sys")
INTEGERS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}
TEXTS = {"char", "varchar", "tinytext", "text", "mediumtext", "longtext"}
BYTES = {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"}
GEOMETRIES = {"geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon",
              "geomcollection", "geometrycollection"}


def quoted(name):
    return "`" + name.replace("`", "``") + "`"


class Column:
    """One column, and how its values are fetched and compared. known: what the log tells of it: "all"; "minimal": signs and
    character sets, but neither name nor members; "nothing"."""

    def __init__(self, name, data_type, known="all"):
        self.name, self.type = name, data_type
        self.bare = known == "nothing"
        self.number = known != "all" and data_type in ("enum", "set")

    def expression(self):
        name = quoted(self.name)
        if self.bare and self.type in TEXTS | BYTES:
            return f"hex({name})"
        if self.type in TEXTS:
            return f"hex(convert({name} using utf8mb4))"
        if self.type in BYTES | GEOMETRIES | {"vector"}:
            return f"hex({name})"
        if self.type == "bit" or self.number:
            return f"cast({name} as unsigned)"
        if self.type == "float":
            return f"{name} + 0e0"
        if self.type in INTEGERS or self.type in ("double", "year"):
            return name
        return f"hex(convert(cast({name} as char) using utf8mb4))"

    def of_server(self, text):
        """`text`: the server's answer to expression() as bytes, or None."""
        if text is None:
            return None
        if self.type in INTEGERS:
            return int(text) % 2 ** INTEGERS[self.type] if self.bare else int(text)
        if self.type in ("bit", "year") or self.number:
            return int(text)
        if self.type == "float":
            return struct.pack("<f", float(text))
        if self.type == "double":
            return struct.pack("<d", float(text))
        raw = bytes.fromhex(text.decode())
        if self.bare and self.type == "binary":
            return raw.rstrip(b"\0")
        if self.type in BYTES or self.bare and self.type in TEXTS:
            return raw
        if self.type in GEOMETRIES:
            return struct.unpack("<I", raw[:4])[0], raw[4:]
        if self.type == "vector":
            return struct.unpack(f"<{len(raw) // 4}f", raw)
        if self.type == "json":
            return json_document(raw.decode())
        return raw.decode()

    def of_line(self, value):
        """`value`: from a line, read by line()."""
        if value is None:
            return None
        if self.type in INTEGERS:
            return int(value) % 2 ** INTEGERS[self.type] if self.bare else int(value)
        if self.number:
            return int(value or 0)
        if self.type in ("bit", "year"):
            return int(value)
        if self.type == "float":
            return struct.pack("<f", float(value))
        if self.type == "double":
            return struct.pack("<d", float(value))
        if self.bare and self.type in ("char", "varchar", "binary", "varbinary"):
            raw = value.encode("utf-8", "surrogateescape")
            return raw.rstrip(b"\0") if self.type == "binary" else raw
        if self.type in BYTES or self.bare and self.type in TEXTS:
            return base64.b64decode(value, validate=True)
        if self.type in GEOMETRIES:
            members = dict(value)
            return int(members["srid"]), base64.b64decode(members["wkb"], validate=True)
        if self.type == "vector":
            return tuple(struct.unpack("<f", struct.pack("<f", float(v)))[0] for v in value)
        if self.type == "timestamp" and value.endswith("Z"):
            return value[:-1].replace("T", " ")
        return value


class Number(str):
    """A number of a JSON document as it is spelt, unlike any string."""

    def __eq__(self, other):
        return isinstance(other, Number) and str.__eq__(self, other)

    __hash__ = str.__hash__


def json_document(text):
    """With numbers as they are spelt and members in their order."""
    return json.loads(text, parse_int=Number, parse_float=Number, object_pairs_hook=list)


def line(text):
    """A line of the json format: a dict down to the columns, whose values are as json_document gives them."""
    members = dict(json_document(text))
    for part in ("key", "before", "after", "source", "tx"):
        if part in members:
            members[part] = dict(members[part])
    return members


class Snapshot:
    """The rows of every table of a server, as committed."""

    def __init__(self, connection, known="all", databases=None):
        self.columns = {}
        self.tables = {}
        with connection.cursor() as cursor:
            cursor.execute("select table_schema, table_name, table_type, column_name, data_type from information_schema.columns"
                           " join information_schema.tables using (table_schema, table_name)"
                           " where table_type in ('BASE TABLE', 'SYSTEM VERSIONED', 'SEQUENCE') order by 1, 2, ordinal_position")
            history = {}
            self.sequences = set()
            for database, table, kind, name, data_type in cursor.fetchall():
                if database in SYSTEM or databases and database not in databases:
                    continue
                self.columns.setdefault((database, table), []).append(Column(name, data_type, known))
                if kind == "SEQUENCE":
                    self.sequences.add((database, table))
                if kind == "SYSTEM VERSIONED":
                    history[database, table] = " for system_time all"
            for key in history:  # these two are listed nowhere
                self.columns[key] += [Column(name, "timestamp", known) for name in ("row_start", "row_end")]
            for (database, table), columns in self.columns.items():
                cursor.execute(f"select {', '.join(c.expression() for c in columns)} from {quoted(database)}.{quoted(table)}"
                               + history.get((database, table), ""))
                self.tables[database, table] = [
                    {column.name: column.of_server(raw(value)) for column, value in zip(columns, row)}
                    for row in cursor.fetchall()]


def raw(value):
    return value if value is None or isinstance(value, bytes) else str(value).encode()


class Replay:
    """Tables made of nothing but changes. A before image must be there to be changed, and nothing else but what the server
    has may be there afterwards."""

    def __init__(self, lines, named=True):
        self.lines = [line(text) for text in lines]
        self.next = 0
        self.named = named
        self.tables = {}
        self.doubtful = set()  # altered: their rows are taken from the next snapshot

    def until(self, position, snapshot, what):
        """Applies the changes that stand in the log before `position` = (file, offset); all of them for None."""
        changed = set()
        while self.next < len(self.lines):
            change = self.lines[self.next]
            if position and (change["source"]["file"], int(change["source"]["pos"])) >= tuple(position):
                break
            self.next += 1
            self.apply(change, snapshot, what)
            changed.add((change["db"], change.get("table")))
        for table in self.doubtful:
            self.tables[table] = list(snapshot.tables.get(table, ()))
        self.doubtful.clear()
        for table in set(snapshot.tables) | set(self.tables):
            self.compare(table, snapshot.tables.get(table, []), what)

    def apply(self, change, snapshot, what):
        table = change["db"], change.get("table")
        if change["op"] == "ddl":
            first, second = change["statement"].upper().split()[:2]
            if first == "DROP" and (table[1] or second in ("DATABASE", "SCHEMA")):
                for name in list(self.tables):
                    if name == table or table[1] is None and name[0] == table[0]:
                        del self.tables[name]
            elif first == "TRUNCATE" or first == "CREATE" and second != "SEQUENCE":  # which has a row from the start
                self.tables[table] = []
            else:
                self.doubtful |= {table} if table[1] else set(self.tables) | set(snapshot.tables)
            return
        rows = self.tables.setdefault(table, [])
        before, after = (self.image(change.get(side), snapshot, table) for side in ("before", "after"))
        if table in snapshot.sequences:  # the log writes its only row anew
            rows.clear()
        if before is None:
            rows.append(after)
            return
        # Of a row that was all defaults nothing may be known, and it agrees with everything: the best known one is meant.
        at = max((i for i, row in enumerate(rows) if agree(row, before)), key=lambda i: len(rows[i].keys() & before), default=None)
        assert at is not None, f"{what}: {change} changes a row that is not there; there are {rows}"
        if after is None:
            del rows[at]
        else:
            rows[at] = {**rows[at], **after}

    def image(self, image, snapshot, table):
        if image is None:
            return None
        columns = snapshot.columns.get(table)
        assert columns, f"a change of {table}, which the server does not know"
        if not self.named:
            return {columns[int(name[1:]) - 1].name: columns[int(name[1:]) - 1].of_line(v) for name, v in image.items()}
        known = {column.name: column for column in columns}
        # MariaDB's own column of a long UNIQUE, which SELECT does not show.
        return {name: known[name].of_line(value) for name, value in image.items() if not name.startswith("DB_ROW_HASH_")}

    def compare(self, table, expected, what):
        left = list(expected)
        for row in self.tables.get(table, ()):
            at = next((i for i, other in enumerate(left) if agree(row, other)), None)
            if at is None:
                near = min(left, key=lambda other: sum(row[n] != other.get(n) for n in row), default={})
                differ = {n: (row[n], near.get(n)) for n in row if row[n] != near.get(n)}
                raise AssertionError(f"{what}: {table} has a row that the server has not: {row}\nnearest differs in"
                                     f" (changes, server): {differ}")
            del left[at]
        assert not left, f"{what}: {table} lacks rows that the server has: {left}"


def agree(row, other):
    """Wherever both have a value, it is the same."""
    return all(other[name] == value for name, value in row.items() if name in other)
