"""The changes that a server's own mysqlbinlog -vv tells, and those of Sluice's lines, in one form. mysqlbinlog knows no character sets,
labels or signs and spells a float with six digits, so both are brought down to what it can say."""

import base64
import datetime
import decimal
import json
import re
import struct
import subprocess

HEAD = re.compile(r"### (INSERT INTO|UPDATE|DELETE FROM) `(.*?)`\.`(.*?)`$")
# `###   @2='text' /* VARSTRING(160) meta=160 nullable=1 is_null=0 */`
VALUE = re.compile(r"###   @(\d+)=(.*?)(?: /\* .* \*/)?$")
OPS = {"INSERT INTO": "insert", "UPDATE": "update", "DELETE FROM": "delete"}
# MySQL's mysqlbinlog escapes as C does, MariaDB's only what is below a space.
ESCAPES = {"n": 10, "t": 9, "r": 13, "b": 8, "f": 12, "v": 11, "a": 7, "\\": 92, "'": 39}


def told_by_mysqlbinlog(server, files):
    """[operation, database, table, {"before": [text, …], "after": […]}], in the log's order; bytes as Latin-1."""
    done = subprocess.run([*server.mysqlbinlog, "-vv", "--base64-output=DECODE-ROWS", *files], capture_output=True, check=True)
    changes, image = [], None
    for line in done.stdout.decode("latin-1").split("\n"):
        head = HEAD.match(line)
        if head:
            changes.append([OPS[head[1]], head[2], head[3], {}])
        elif line == "### WHERE":
            image = changes[-1][3]["before"] = []
        elif line == "### SET":
            image = changes[-1][3]["after"] = []
        elif match := VALUE.match(line):
            image.append(None if match[2] == "NULL" else match[2])
    return changes


def told_by_sluice(lines):
    for line in lines:
        change = json.loads(line, parse_float=str, parse_int=str)
        if change["op"] != "ddl":
            yield [change["op"], change["db"], change["table"],
                   {side: list(change[side].values()) for side in ("before", "after") if side in change}]


class Comparable:
    """One type: what to make of mysqlbinlog's text and of Sluice's value, so that they are equal."""

    def __init__(self, theirs, ours):
        self.theirs, self.ours = theirs, ours


def integer(bits):
    return Comparable(lambda text: int(text.split(" ")[0]) % 2 ** bits, lambda value: int(value) % 2 ** bits)


def label(prefix):
    """ENUM('m0', 'm1', …): a number there, a label here."""
    return Comparable(int, lambda value: int(value.removeprefix(prefix)) + 1 if value else 0)


def labels(prefix):
    return Comparable(binary_bytes, lambda value: sum(1 << int(part.removeprefix(prefix)) for part in value.split(",")) if value else 0)


def binary(text):
    return int(text.removeprefix("b'").removesuffix("'"), 2)


def binary_bytes(text):
    """The bytes in the order of the log, the lowest first."""
    digits = text.removeprefix("b'").removesuffix("'")
    return int.from_bytes(int(digits, 2).to_bytes(len(digits) // 8, "big"), "little")


def plain(text):
    def unescape(match):
        return chr(int(match[1], 16)) if match[1] else chr(ESCAPES[match[2]])
    return re.sub(r"\\x([0-9a-fA-F]{2})|\\(.)", unescape, text[1:-1]).encode("latin-1")


def timestamp(value):
    return "0" if value.startswith("0000") else value


def seconds(text):
    """1768473000.500 as Sluice spells it."""
    whole, point, fraction = text.partition(".")
    if int(whole) == 0 and not fraction.strip("0"):
        return "0"
    when = datetime.datetime.fromtimestamp(int(whole), datetime.timezone.utc)
    return f"{when:%Y-%m-%dT%H:%M:%S}{point}{fraction}Z"


def six_digits(text):
    return f"{struct.unpack('<f', struct.pack('<f', float(text)))[0]:.5e}"


DECIMAL = Comparable(decimal.Decimal, decimal.Decimal)
FLOAT = Comparable(lambda text: six_digits(text.strip()), six_digits)
DOUBLE = Comparable(lambda text: struct.pack("<d", float(text)), lambda value: struct.pack("<d", float(value)))
BIT = Comparable(binary, int)
YEAR = Comparable(lambda text: int(text) if text != "1900" else 0, int)
QUOTED = Comparable(lambda text: text.strip("'"), str)
DATE = Comparable(lambda text: text.strip("'").replace(":", "-"), str)
TIMESTAMP = Comparable(seconds, timestamp)
TEXT = Comparable(plain, lambda value: value.encode("utf-8", "surrogatepass"))
BYTES = Comparable(lambda text: plain(text).rstrip(b"\0"), lambda value: base64.b64decode(value, validate=True).rstrip(b"\0"))
