"""The shapes of tables, as a server's information_schema has them and as sluice_ddl_probe has them, in one form."""

import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[3]
PROBE = pathlib.Path(os.environ.get("SLUICE_DDL_PROBE") or ROOT / "build/sluice_ddl_probe")

TYPES = {
    "tinyint": "TinyInt", "smallint": "SmallInt", "mediumint": "MediumInt", "int": "Int", "bigint": "BigInt",
    "float": "Float", "double": "Double", "decimal": "Decimal", "bit": "Bit", "year": "Year", "date": "Date",
    "time": "Time", "datetime": "DateTime", "timestamp": "Timestamp", "char": "Char", "varchar": "VarChar",
    "tinytext": "TinyText", "text": "Text", "mediumtext": "MediumText", "longtext": "LongText", "binary": "Binary",
    "varbinary": "VarBinary", "tinyblob": "TinyBlob", "blob": "Blob", "mediumblob": "MediumBlob", "longblob": "LongBlob",
    "enum": "Enum", "set": "Set", "json": "Json", "vector": "Vector", "uuid": "Uuid", "inet4": "Inet4", "inet6": "Inet6",
}


def charset_of(collation):
    name = collation.split("_")[0]
    return "utf8mb3" if name == "utf8" else name


def server_shapes(server, databases):
    """{(database, table): {"charset", "key", "unique", "columns": [...]}} of the tables in these databases: unique are names, the key is the
    primary one, else the unique one that the server takes for it."""
    wanted = ", ".join(f"'{name}'" for name in databases)
    shapes, marked = {}, {}
    for database, table, collation in server.sql(
            "select table_schema, table_name, table_collation from information_schema.tables "
            f"where table_schema in ({wanted}) and table_type in ('BASE TABLE', 'SYSTEM VERSIONED')"):
        shapes[database, table] = {"charset": charset_of(collation), "key": [], "unique": [], "columns": []}
    for database, table, name, declared, kind, nullable, charset, collation, extra, key in server.sql(
            "select table_schema, table_name, column_name, column_type, data_type, is_nullable, character_set_name, "
            f"collation_name, extra, column_key from information_schema.columns where table_schema in ({wanted}) "
            "order by table_schema, table_name, ordinal_position"):
        if (database, table) not in shapes:
            continue
        if key == "PRI":
            marked.setdefault((database, table), set()).add(name)
        declared = declared.decode() if isinstance(declared, bytes) else declared
        shapes[database, table]["columns"].append({
            "name": name, "declared": declared, "type": TYPES.get(kind, "Geometry"), "nullable": nullable == "YES",
            "charset": charset_of(charset) if charset else None, "collation": collation.replace("utf8_", "utf8mb3_")
            if collation else None, "generated": "GENERATED" in extra.upper().replace("DEFAULT_GENERATED", ""),
            "invisible": "INVISIBLE" in extra.upper()})
    hidden_periods = {(database, table) for database, table in server.sql(
        "select table_schema, table_name from information_schema.tables "
        f"where table_schema in ({wanted}) and table_type = 'SYSTEM VERSIONED'")}
    keys = {}
    for database, table, key, name, prefix in server.sql(
            "select table_schema, table_name, index_name, column_name, sub_part from information_schema.statistics "
            f"where table_schema in ({wanted}) and non_unique = 0 order by table_schema, table_name, seq_in_index"):
        keys.setdefault((database, table), {}).setdefault(key, []).append(name if prefix is None or key == "PRIMARY" else None)
    for table, named in keys.items():
        shapes[table]["unique"] = sorted(set(named) - {"PRIMARY"})
        chosen = "PRIMARY" if "PRIMARY" in named else next(
            (n for n in shapes[table]["unique"] if set(named[n]) == marked.get(table)), None)
        # Of a hidden period row_end is a part of each key, hidden there too.
        shapes[table]["key"] = named.get(chosen, []) + (["row_end"] if chosen and table in hidden_periods else [])
    return shapes


class Probe:
    """A catalogue that is told statements and shows itself after each."""

    def __init__(self, flavour, version, server_charset, explicit_timestamp):
        self.process = subprocess.Popen([str(PROBE), flavour, str(version), server_charset,
                                         str(explicit_timestamp)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)

    def apply(self, statement, sql_mode, database):
        """(what was not understood, shapes)"""
        self.process.stdin.write(f"{sql_mode}\n{database}\n{statement}\0".encode())
        self.process.stdin.flush()
        answer = bytearray()
        while not answer.endswith(b"\0"):
            piece = self.process.stdout.read1(65536)
            if not piece:
                raise AssertionError(f"sluice_ddl_probe ended with {self.process.wait()} at: {statement}")
            answer += piece
        why, _, text = answer[:-1].decode().partition("\n")
        return why, probe_shapes(text)

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


def probe_shapes(text):
    shapes, shape = {}, None
    for line in text.splitlines():
        if not line.startswith("  "):
            name, charset, key = re.fullmatch(r"(.*) charset=(\S*) collation=\S* key=(.*)", line).groups()
            shape = shapes[tuple(name.split(".", 1))] = {"charset": charset, "key": key.split(",") if key else [],
                                                         "columns": []}
            continue
        name, declared, kind, rest = line.strip().split(" | ")
        flags = rest.split(", ")
        if "hidden" in flags:
            continue
        words = [f for f in flags if f not in ("null", "not null", "generated", "invisible")]
        shape["columns"].append({
            "name": name, "declared": declared, "type": re.match(r"\w+", kind).group(), "nullable": flags[0] == "null",
            "charset": words[0] if words else None, "collation": words[1] if len(words) > 1 else None,
            "generated": "generated" in flags, "invisible": "invisible" in flags})
    return shapes


def differences(ours, theirs):
    """What the probe has otherwise than the server; a collation that the statements leave open is no difference."""
    found = []
    for table in sorted(set(ours) | set(theirs)):
        a, b = ours.get(table), theirs.get(table)
        if a is None or b is None:
            found.append(f"{table}: {'not in the catalogue' if a is None else 'not on the server'}")
            continue
        for part in ("charset", "key"):
            if a[part] != b[part]:
                found.append(f"{table} {part}: {a[part]} here, {b[part]} on the server")
        if [c["name"] for c in a["columns"]] != [c["name"] for c in b["columns"]]:
            found.append(f"{table}: columns {[c['name'] for c in a['columns']]} here, "
                         f"{[c['name'] for c in b['columns']]} on the server")
            continue
        for x, y in zip(a["columns"], b["columns"]):
            # The servers show no character set of bytes.
            x = {**x, "charset": None if x["charset"] == "binary" else x["charset"],
                 "collation": y["collation"] if x["collation"] in (None, "binary") else x["collation"]}
            y = {**y, "charset": None if y["charset"] == "binary" else y["charset"]}
            found += [f"{table}.{x['name']} {k}: {x[k]} here, {y[k]} on the server" for k in x if x[k] != y[k]]
    return found
