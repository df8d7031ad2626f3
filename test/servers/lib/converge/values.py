"""What a column's value is, whoever shows it: texts by which rows of a source and of its targets are compared."""

import json

INTEGERS = {"tinyint", "smallint", "mediumint", "int", "bigint", "year", "bit"}
BYTES = {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "point", "geometry"}
TIMES = {"datetime", "timestamp", "time"}


def alike(kind, value):
    """value: None or as the server or a target's client has it, bytes as hexadecimal digits. kind: the column's type at the source."""
    if value is None:
        return None
    if kind in INTEGERS:
        return str(int(value))
    if kind in ("float", "double"):
        return repr(float(value))
    if kind in BYTES:
        return value.upper()
    if kind in TIMES:
        # Some show no zeros at a fraction's end.
        return value.rstrip("0").rstrip(".") if "." in value else value
    if kind == "json":
        return json.dumps(json.loads(value) if isinstance(value, str) else value, sort_keys=True)
    return value


class Table:
    """A table as the source has it now: `columns` {name: type}, `key` the columns of its primary key."""

    def __init__(self, name, columns, key):
        self.name, self.columns, self.key = name, columns, key
        names = list(columns)
        self.at = [names.index(column) for column in key] or range(len(names))

    def row(self, values):
        return tuple(alike(kind, value) for kind, value in zip(self.columns.values(), values))

    def key_of(self, row):
        """All columns where there is no key; in an order that any two of them have."""
        return tuple((row[i] is not None, row[i] or "") for i in self.at)

    def select(self, bytes_as="hex({})", bits_as="{}+0", other="{}", quote="`"):
        """What to ask for, by which each side shows the same."""
        words = {**dict.fromkeys(BYTES, bytes_as), "bit": bits_as}
        return ", ".join(words.get(kind, other).format(quote + name + quote) for name, kind in self.columns.items())


def tables_of(connection, database):
    """{name: Table} of a database at a MySQL or MariaDB server."""
    with connection.cursor() as cursor:
        cursor.execute("select table_name, column_name, data_type, column_key from information_schema.columns where table_schema = %s "
                       "order by table_name, ordinal_position", (database,))
        found = {}
        for table, column, kind, key in cursor.fetchall():
            found.setdefault(str(table), []).append((str(column), str(kind).lower(), key == "PRI"))
    return {name: Table(name, {column: kind for column, kind, _ in columns}, [column for column, _, key in columns if key])
            for name, columns in found.items()}


def rows_of_mysql(connection, database, table):
    with connection.cursor() as cursor:
        cursor.execute(f"select {table.select()} from `{database}`.`{table.name}`")
        return [table.row(row) for row in cursor.fetchall()]
