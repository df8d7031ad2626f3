"""How each type is asked of a server so that all of a value shows, and what Sluice's json format must then say.

A Spelling is one or more SELECT expressions ({} is the quoted column) and a function that makes of the server's answers (bytes, or
None for NULL) what stands in the line, as lib.server_word.line reads it: numbers as Number, so that their text counts.
"""

import base64
import struct

from lib.server_word import Number, json_document


class Spelling:
    def __init__(self, select, expected, late=False):
        self.select = [select] if isinstance(select, str) else list(select)
        self.expected = expected
        self.late = late  # large columns, which NOBLOB images leave out where they did not change

    def expressions(self, quoted_name):
        return [text.replace("{}", quoted_name) for text in self.select]

    def of_server(self, values):
        """`values`: the answers to expressions()."""
        return None if values[0] is None else self.expected(*values)

    def but_late(self):
        return Spelling(self.select, self.expected, True)


class Real:
    """A floating-point number: the line's must have the same bits, and no more digits than it takes."""

    def __init__(self, value, form):
        self.bits, self.form = struct.pack(form, value), form
        self.value = struct.unpack(form, self.bits)[0]

    def __eq__(self, other):
        if not isinstance(other, Number):
            return isinstance(other, Real) and self.bits == other.bits
        return bits_of(float(other), self.form) == self.bits and digits_of(other) <= self.shortest()

    def shortest(self):
        if self.form == "<d":
            return digits_of(repr(self.value))
        return next(n for n in range(1, 10) if bits_of(float(f"{self.value:.{n - 1}e}"), self.form) == self.bits)

    def __repr__(self):
        return f"Real({self.value!r}, {self.form!r})"


def bits_of(value, form):
    try:
        return struct.pack(form, value)
    except OverflowError:  # a double beyond the largest float
        return None


def digits_of(text):
    return len(text.lower().lstrip("-").partition("e")[0].replace(".", "").strip("0")) or 1


def text_of(raw):
    return raw.decode()


def integer(raw):
    return Number(raw.decode())


def decimal(raw):
    """ZEROFILL shows zeros that are no digits of the value."""
    text = raw.decode()
    sign, whole = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, point, fraction = whole.partition(".")
    return sign + (whole.lstrip("0") or "0") + point + fraction


def unhex(raw):
    return bytes.fromhex(raw.decode())


def octets(raw):
    return base64.b64encode(unhex(raw)).decode()


def converted(raw, utf8):
    """Text, by the server's own conversion. It shows bytes that the character set does not know as question marks; in a character
    set of single bytes they can be told from real ones."""
    stored, text = unhex(raw), unhex(utf8).decode()
    if len(stored) != len(text):
        return text
    return "".join(chr(0xDC00 + byte) if shown == "?" and byte != 0x3F else shown for byte, shown in zip(stored, text))


def timestamp(raw):
    """The session that asks is in UTC."""
    text = raw.decode()
    return text if text.startswith("0000") else text.replace(" ", "T") + "Z"


def geometry(stored, srid, wkb):
    """A value that is no shape has no reference system: a shape that cannot be read leaves it in a column without NULL."""
    return [("srid", srid and Number(srid.decode())), ("wkb", octets(stored if wkb is None else wkb))]


def vector(raw):
    floats = unhex(raw)
    return [Real(value, "<f") for value in struct.unpack(f"<{len(floats) // 4}f", floats)]


INTEGER = Spelling("{} + 0", integer)
DECIMAL = Spelling("cast({} as char)", decimal)
# Multiplied: the sum of -0 and 0 is 0.
FLOAT = Spelling("{} * 1e0", lambda raw: Real(float(raw), "<f"))
DOUBLE = Spelling("{} * 1e0", lambda raw: Real(float(raw), "<d"))
BIT = Spelling("cast({} as unsigned)", integer)
YEAR = Spelling("{} + 0", integer)
PLAIN = Spelling("cast({} as char)", text_of)  # dates, times, UUID, INET
TIMESTAMP = Spelling("cast({} as char)", timestamp)
TEXT = Spelling(["hex({})", "hex(convert({} using utf8mb4))"], converted)
# UTF-8 as it is stored: of a lone surrogate, which some ways into a table let through, every byte for itself.
UTF8 = Spelling("hex({})", lambda raw: unhex(raw).decode("utf-8", "surrogateescape"))
BYTES = Spelling("hex({})", octets)
LABEL = Spelling(["{} + 0", "hex(convert({} using utf8mb4))"], lambda index, label: unhex(label).decode())
JSON = Spelling("hex(convert(cast({} as char) using utf8mb4))", lambda raw: json_document(unhex(raw).decode()), True)
JSON_TEXT = Spelling("hex(convert({} using utf8mb4))", lambda raw: unhex(raw).decode(), True)
VECTOR = Spelling("hex({})", vector, True)
# Of a geographic reference system MySQL shows latitude first unless told otherwise; stored is longitude first.
GEOMETRY = {
    "mysql-5.6": Spelling(["hex({})", "SRID({})", "hex(AsWKB({}))"], geometry, True),
    "mysql-9.7": Spelling(["hex({})", "ST_SRID({})", "hex(ST_AsWKB({}, 'axis-order=long-lat'))"], geometry, True),
    "mariadb": Spelling(["hex({})", "ST_SRID({})", "hex(ST_AsWKB({}))"], geometry, True),
}
