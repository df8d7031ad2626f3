#!/usr/bin/python3
"""Asks real servers how they convert each character set to UTF-8, and writes that down for the program.

    charsets.py             write src/wire/mysql/charset_tables.cpp and test/data/charsets.tsv
    charsets.py --verify N  convert N fresh random texts of each character set with the built program and with
                            the servers, and compare

MySQL tells more than MariaDB (NULL where bytes are ill-formed, '?' where a character is merely unassigned) and alone
has gb18030, so the tables are MySQL's; every other server must agree with each character, or nothing is written.
"""

import argparse
import collections
import os
import pathlib
import random
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
from server import Server  # noqa: E402

SERVERS = ["mysql-9.7", "mariadb-10.11", "mariadb-11.8", "mysql-5.6"]  # the first one is asked for the tables
ILL_FORMED, UNASSIGNED = 0xFFFE, 0xFFFF  # charset_tables.h
LITERAL, RUN, COPY, FILL = range(4)
BASES = {"gbk": "gb2312", "gb18030": "gbk", "cp932": "sjis", "eucjpms": "ujis"}
ALGORITHMIC = {"binary": "Binary", "utf8mb3": "Utf8", "utf8mb4": "Utf8", "ucs2": "Ucs2",
               "utf16": "Utf16", "utf16le": "Utf16le", "utf32": "Utf32"}
LINE = 105  # a multiple of 3: a token is not split
FOUR_BASIC, FOUR_SUPPLEMENTARY = 39420, 189000  # gb18030: first four-byte index behind U+FFFF, and that of U+10000
SEED = 20
NEEDLESS_CONTEXT = 2048  # from here on an id is 2048 + 256 * character set + language: gaps are languages to come


# Asking

def digits(server):
    """A table of the 256 bytes, of which joins make every short string."""
    server.sql("create database if not exists charsets; drop table if exists charsets.byte;"
               "create table charsets.byte (b varbinary(1) primary key);"
               "insert into charsets.byte values " + ",".join(f"(x'{b:02x}')" for b in range(256)))


def ask(server, charset, *ranges):
    """{bytes: its UTF-8, or None} for every string that takes one byte of each (first, last) of `ranges`."""
    names = [f"b{i}" for i in range(len(ranges))]
    text = "concat(" + ",".join(f"{n}.b" for n in names) + ")"
    tables = ",".join(f"charsets.byte {n}" for n in names)
    where = " and ".join(f"{n}.b between x'{low:02x}' and x'{high:02x}'" for n, (low, high) in zip(names, ranges))
    rows = server.sql(f"select {text}, cast(convert(convert({text} using {charset}) using utf8mb4) as binary) "
                      f"from {tables} where {where}")
    return {bytes(key): None if value is None else bytes(value) for key, value in rows}


def code_point(answer):
    """The one character that a server's answer is; ILL_FORMED when it is none or more than one."""
    text = (answer or b"").decode("utf-8")
    if len(text) != 1:
        return ILL_FORMED
    return UNASSIGNED if text == "?" else ord(text)


def charset_widths(server):
    rows = server.sql("select character_set_name, maxlen from information_schema.character_sets")
    return {"utf8mb3" if name == "utf8" else name: width for name, width in rows}


class Table:
    """The cells of one character set, in the order that charset_tables.h gives."""

    def __init__(self, name, encoding, cells=(), four=()):
        self.name, self.encoding, self.cells, self.four = name, encoding, list(cells), list(four)

    def well_formed(self):
        """Every character, assigned or not: [(bytes, UTF-8, which is '?' where there is none)]."""
        if self.encoding in ("Single", "Swedish"):
            found = [(bytes([b]), c) for b, c in enumerate(self.cells)]
        else:
            found = [(bytes([b]), b) for b in range(128)]
            found += [(self.bytes_of(index), c) for index, c in enumerate(self.cells)]
        found = [(key, b"?" if c == UNASSIGNED else chr(c).encode()) for key, c in found if c != ILL_FORMED]
        return found + [(four_bytes(index), chr(c).encode()) for index, c in enumerate(self.four)]

    def characters(self):
        """Every assigned character: [(bytes, UTF-8)]."""
        return [(key, utf8) for key, utf8 in self.well_formed() if utf8 != b"?" or key == b"?"]

    @staticmethod
    def bytes_of(index):
        if index < 128:
            return bytes([0x80 + index])
        row, last = divmod(index - 128, 256)
        return bytes([0x80 + row, last]) if row < 128 else bytes([0x8F, row, last])


def four_bytes(index):
    index, d = divmod(index, 10)
    index, c = divmod(index, 126)
    a, b = divmod(index, 10)
    return bytes([0x81 + a, 0x30 + b, 0x81 + c, 0x30 + d])


def table_of(server, name, width):
    if name in ALGORITHMIC:
        return Table(name, ALGORITHMIC[name])
    ones = ask(server, name, (0, 255))
    if width == 1:
        cells = [0x3F if b == 0x3F else code_point(ones[bytes([b])]) for b in range(256)]
        return Table(name, "Single" if cells[:128] == list(range(128)) else "Swedish", cells)
    assert all(ones[bytes([b])] == bytes([b]) for b in range(128)), f"{name} is not ASCII below 0x80"
    # Servers disagree on whether a byte that is nothing is ill-formed or unassigned; for one byte it is the same.
    cells = [min(code_point(ones[bytes([b])]), ILL_FORMED) for b in range(128, 256)]
    pairs = ask(server, name, (128, 255), (0, 255))
    cells += [code_point(pairs[bytes([a, b])]) for a in range(128, 256) for b in range(256)]
    if width == 2:
        return Table(name, "Double", cells)
    if width == 3:
        triples = ask(server, name, (0x8F, 0x8F), (128, 255), (0, 255))
        cells += [code_point(triples[bytes([0x8F, a, b])]) for a in range(128, 256) for b in range(256)]
        return Table(name, "Triple", cells)
    return Table(name, "Gb18030", cells, four_byte_cells(server, name))


def four_byte_cells(server, name):
    answers = ask(server, name, (0x81, 0xFE), (0x30, 0x39), (0x81, 0xFE), (0x30, 0x39))
    for index in range(FOUR_BASIC, 1587600):
        plane = index - FOUR_SUPPLEMENTARY
        expected = chr(0x10000 + plane) if 0 <= plane <= 0xFFFFF else "?"
        assert answers[four_bytes(index)] == expected.encode(), f"{name}: {four_bytes(index).hex()} is {expected!r}?"
    return [ord(answers[four_bytes(index)].decode()) for index in range(FOUR_BASIC)]


def disagreements(server, table, width):
    """Characters of `table` that `server` converts to something else."""
    if width == 1:
        answers = ask(server, table.name, (0, 255))
    else:
        answers = ask(server, table.name, (0, 255)) | ask(server, table.name, (128, 255), (0, 255))
    if width == 3:
        answers |= ask(server, table.name, (0x8F, 0x8F), (128, 255), (0, 255))
    return [key for key, utf8 in table.well_formed() if len(key) < 4 and answers[key] != utf8]


def collation_runs(servers):
    charsets = collections.defaultdict(set)
    for server in servers:
        if server.kind.flavour == "mariadb":
            rows = server.sql("select id, character_set_name from "
                              "information_schema.collation_character_set_applicability where id is not null")
        else:
            rows = server.sql("select id, character_set_name from information_schema.collations")
        for number, name in rows:
            charsets[number].add("utf8mb3" if name == "utf8" else name)
    runs = []
    for number, names in sorted(charsets.items()):
        assert len(names) == 1, f"collation {number} is of different character sets: {names}"
        name = names.pop()
        if runs and runs[-1][2] == name and (runs[-1][1] == number - 1 or runs[-1][0] >= NEEDLESS_CONTEXT):
            runs[-1][1] = number
        else:
            runs.append([number, number, name])
    return runs


# Writing

def run_length(cells, at, same):
    end = at
    while end < len(cells) and same(end):
        end += 1
    return end - at


def pack(cells, base):
    """The tokens of charset_tables.h, as lines of text."""
    tokens, at = [], 0
    while at < len(cells):
        copied = run_length(cells, at, lambda i: cells[i] == base[i]) if base else 0
        filled = run_length(cells, at, lambda i: cells[i] == cells[at]) if cells[at] >= ILL_FORMED else 0
        before = cells[at - 1] - at + 1 if at else 0
        counted = run_length(cells, at, lambda i: cells[i] == before + i)
        best = max(copied, filled, counted)
        if best <= 1 and not filled:
            token, best = (LITERAL, cells[at]), 1
        elif best == filled:
            best = min(best, 0x7FFF)
            token = (FILL, best << 1 | (cells[at] & 1))
        else:
            best = min(best, 0xFFFF)
            token = (COPY if best == copied else RUN, best)
        tokens.append(token[0] << 16 | token[1])
        at += best
    text = "".join(chr(48 + (t >> shift & 63)) for t in tokens for shift in (12, 6, 0))
    return "\n".join(text[i:i + LINE] for i in range(0, len(text), LINE))


def write_tables(tables, runs, versions, path):
    order = {table.name: index for index, table in enumerate(tables)}
    cells = {table.name: table.cells for table in tables}
    lines = ["// Generated by tools/charsets.py from " + ", ".join(versions) + "; not to be edited.",
             '#include "wire/mysql/charset_tables.h"', "", "// clang-format off", "namespace sluice::mysql {", "",
             "const CharsetSource charset_sources[kCharsetCount] = {"]
    for table in tables:
        base = BASES.get(table.name)
        packed = [f'R"(\n{pack(part, cells.get(base) if part is table.cells else None)})"' if part else '""'
                  for part in (table.cells, table.four)]
        quoted = f'"{base}"' if base else "nullptr"
        lines.append(f'  {{"{table.name}", Encoding::{table.encoding}, {quoted}, {", ".join(packed)}}},')
    lines += ["};", "", "const CollationRun collation_runs[] = {"]
    entries = [f"{{{first}, {last}, {order[name]}}}" for first, last, name in runs]
    lines += ["  " + ", ".join(entries[i:i + 6]) + "," for i in range(0, len(entries), 6)]
    lines += ["};", "const size_t collation_run_count = sizeof(collation_runs) / sizeof(collation_runs[0]);", "",
              "}  // namespace sluice::mysql", ""]
    path.write_text("\n".join(lines))


# Texts to test with

def random_character(table, characters, rng):
    if table.encoding.startswith("U"):  # ucs2, utf16, utf32, utf8: any scalar value that it can hold
        top = 0xFFFF if table.name in ("ucs2", "utf8mb3") else 0x7F if table.name == "ascii" else 0x10FFFF
        code = rng.choice([rng.randrange(128), rng.randrange(min(top + 1, 0x800)), rng.randrange(top + 1)])
        return chr(code) if not 0xD800 <= code < 0xE000 else "\uFFFD"
    if table.encoding == "Gb18030" and rng.random() < 0.1:
        return four_bytes(FOUR_SUPPLEMENTARY + rng.randrange(0x100000))
    return rng.choice(characters)


def random_text(table, characters, rng):
    """Bytes of valid text: stretches of ASCII and of anything, so that every path of the converter is crossed."""
    codecs = {"ucs2": "utf-16-be", "utf16": "utf-16-be", "utf16le": "utf-16-le", "utf32": "utf-32-be"}
    text = bytearray()
    for _ in range(rng.randrange(1, 6)):
        ascii_only = rng.random() < 0.4
        for _ in range(rng.randrange(1, 40)):
            character = chr(rng.randrange(32, 127)) if ascii_only else random_character(table, characters, rng)
            text += character.encode(codecs.get(table.name, "utf-8")) if isinstance(character, str) else character
    return bytes(text)


def server_texts(server, table, count, rng):
    """[(bytes, the server's UTF-8)] of `count` random texts."""
    characters = [key for key, _ in table.characters()] if table.cells else []
    pairs = []
    while len(pairs) < count:
        texts = [random_text(table, characters, rng) for _ in range(min(200, count - len(pairs)))]
        columns = " union all ".join(
            f"select {i} n, cast(convert(convert(x'{text.hex()}' using {table.name}) using utf8mb4) as binary) v"
            for i, text in enumerate(texts))
        for i, value in server.sql(f"select n, v from ({columns}) t order by n"):
            assert value is not None, f"{server.kind.name} refuses {table.name} {texts[i].hex()}"
            pairs.append((texts[i], bytes(value)))
    return pairs


def fnv(parts):
    value = 0xCBF29CE484222325
    for part in parts:
        for byte in part:
            value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


def digest_line(table):
    """The UTF-8 of every assigned character, in ascending order of its length and bytes, as a number."""
    characters = sorted(table.characters(), key=lambda pair: (len(pair[0]), pair[0]))
    return f"all\t{table.name}\t{len(characters)}\t{fnv(utf8 for _, utf8 in characters):016x}"


def text_lines(server, tables, count, rng):
    return [f"text\t{table.name}\t{text.hex()}\t{utf8.hex()}" for table in tables if table.name != "binary"
            for text, utf8 in server_texts(server, table, count, rng)]


# Verbs

def read_tables(server):
    digits(server)
    widths = charset_widths(server)
    return [table_of(server, name, width) for name, width in sorted(widths.items())], widths


def generate():
    servers = [Server(kind) for kind in SERVERS]
    tables, widths = read_tables(servers[0])
    for server in servers[1:]:
        digits(server)
        known = charset_widths(server)
        for table in tables:
            if table.cells and table.name in known:
                wrong = disagreements(server, table, widths[table.name])
                assert not wrong, f"{server.kind.name} converts {table.name} differently: {[w.hex() for w in wrong[:9]]}"
    versions = [server.kind.name for server in servers]
    write_tables(tables, collation_runs(servers), versions, ROOT / "src/wire/mysql/charset_tables.cpp")
    lines = [digest_line(table) for table in tables if table.cells]
    lines += text_lines(servers[0], tables, 3, random.Random(SEED))
    (ROOT / "test/data/charsets.tsv").write_text("\n".join(lines) + "\n")
    for server in servers:
        server.close()


def verify(count, seed, program):
    tables = None
    failed = False
    for kind in SERVERS:
        with Server(kind) as server, tempfile.NamedTemporaryFile("w", suffix=".tsv") as data:
            tables = tables or read_tables(server)[0]
            known = charset_widths(server)
            ours = [table for table in tables if table.name in known]
            if kind == "mysql-5.6":  # it says utf8 where others say utf8mb3
                ours = [table for table in ours if table.name != "utf8mb3"]
            data.write("\n".join(text_lines(server, ours, count, random.Random(seed))) + "\n")
            data.flush()
            run = subprocess.run([program, "--gtest_filter=Charset.ConvertsAsTheServersDo", "--gtest_brief=1"],
                                 env={**os.environ, "SLUICE_CHARSET_TEXTS": data.name})
            print(f"{kind}: {count} texts of each of {len(ours) - 1} character sets, seed {seed}: "
                  f"{'differences' if run.returncode else 'equal'}", flush=True)
            failed = failed or run.returncode != 0
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--verify", type=int, metavar="N", help="compare N random texts of each character set")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32), help="of --verify; default: random")
    parser.add_argument("--program", default=ROOT / "build/sluice_tests", help="the built unit tests")
    options = parser.parse_args()
    return verify(options.verify, options.seed, options.program) if options.verify else generate()


if __name__ == "__main__":
    sys.exit(main())
