"""Text in every character set of a server, bytes, ENUM and SET."""

import functools

from lib.grid import spelling
from lib.grid.kind import Kind, binary, literal

# Character sets of several bytes a character, by a codec of Python's that knows about the same characters.
CODECS = {"big5": "big5", "ujis": "euc_jp", "sjis": "shift_jis", "euckr": "euc_kr", "gb2312": "gb2312", "gbk": "gbk", "utf8": "utf-8",
          "utf8mb3": "utf-8", "ucs2": "utf-16-be", "cp932": "cp932", "eucjpms": "euc_jp", "gb18030": "gb18030", "utf8mb4": "utf-8",
          "utf16": "utf-16-be", "utf16le": "utf-16-le", "utf32": "utf-32-be"}
BEYOND_BMP = {"utf8mb4", "utf16", "utf16le", "utf32", "gb18030"}
ODD = ["", "a", " trailing  ", "  leading", "\0", "tab\t\"quote\" 'x' \\ \r\n \b\f\x1a\x7f\x1f", "ÿ€“”", "\\u0000", "Grüße", "日本語表", "</script>",
       "\u2028\u2029", "\ufeffbom", "\ufffd"]


@functools.cache
def repertoire(charset):
    codec, known = CODECS[charset], []
    planes = 0x110000 if charset in BEYOND_BMP else 0x10000
    for code in range(0x20, planes, 1 if planes == 0x10000 else 7):
        if not 0xD800 <= code <= 0xDFFF:
            try:
                chr(code).encode(codec)
                known.append(chr(code))
            except UnicodeEncodeError:
                pass
    return known


def characters(charset, maxlen, most):
    """(edges, random) of text up to `most` characters. In a character set of single bytes any byte is tried."""
    if maxlen == 1:
        edges = [f"_{charset} 0x{bytes(range(at, min(at + most, 256))).hex()}" for at in range(0, 256, most)]
        edges += ["''", f"_{charset} 0x2020612020", f"_{charset} 0x2761225c"]

        def random(rng):
            return f"_{charset} 0x{bytes(rng.choices(range(256), k=rng.randint(1, most))).hex()}"
        return edges, random
    known = repertoire(charset)
    edges = [literal(text[:most]) for text in ODD] + [literal("".join(known[i] for i in (0, 95, -1, len(known) // 2)))]

    def several(rng):
        return literal("".join(rng.choices(known, k=rng.choice([1, most, rng.randint(1, most)]))))
    return edges, several


# MySQL 9.7 logs such text otherwise than it keeps it.
SURROGATES = ["_ucs2 0xdc80", "_ucs2 0x00e9dcffd8000078"]


def charset_texts(server, charsets):
    for charset, maxlen in charsets:
        if charset == "binary":
            continue
        how, more = (spelling.UTF8, SURROGATES) if charset.startswith("utf8") else (spelling.TEXT, [])
        if server == "mysql-9.7":
            more = []
        edges, random = characters(charset, maxlen, 24)
        yield Kind(f"varchar(24) character set {charset}", how, edges + more, random, keyable=True)
        edges, random = characters(charset, maxlen, 7)
        yield Kind(f"char(7) character set {charset}", how, edges + more, random)
        edges, random = characters(charset, maxlen, 80)
        yield Kind(f"text character set {charset}", how.but_late(), edges + more, random)


def lengths():
    """Text around the lengths at which its storage changes."""
    for declared, most in [("varchar(63)", 63), ("varchar(64)", 64), ("varchar(255)", 255), ("varchar(256)", 256), ("char(63)", 63),
                           ("char(64)", 64), ("char(255)", 255), ("char(0)", 0), ("varchar(0)", 0)]:
        yield Kind(f"{declared} character set utf8mb4", spelling.TEXT, *long_texts(most))
        yield Kind(f"{declared} character set latin1", spelling.TEXT, *long_texts(most))
    for declared, most in [("tinytext", 63), ("text", 16383), ("mediumtext", 17000), ("longtext", 20000)]:
        yield Kind(f"{declared} character set utf8mb4", spelling.TEXT.but_late(), *long_texts(most))


def long_texts(most):
    edges = ["''", "'x'", f"repeat('a', {most})", f"repeat('é', {most})", f"repeat(_utf8mb4 0xf09f9880, {most})", f"repeat('\\\"', {most})",
             f"repeat('\\0', {most})"]
    return edges, lambda rng: f"repeat('{rng.choice('aéz')}', {rng.randint(0, most)})"


def octets():
    for declared, most in [("binary(1)", 1), ("binary(7)", 7), ("binary(255)", 255), ("binary(0)", 0), ("varbinary(10)", 10),
                           ("varbinary(255)", 255), ("varbinary(256)", 256), ("varbinary(400)", 400), ("varchar(20) character set binary", 20),
                           ("char(20) character set binary", 20)]:
        yield Kind(declared, spelling.BYTES, *some_bytes(most))
    for declared, most in [("tinyblob", 255), ("blob", 65535), ("mediumblob", 65536), ("longblob", 70000), ("text character set binary", 300)]:
        yield Kind(declared, spelling.BYTES.but_late(), *some_bytes(most))


def some_bytes(most):
    few = min(most, 40)
    edges = ["''", "x'00'", f"repeat(x'00', {most})", f"repeat(x'ff', {most})", f"repeat(x'20', {most})", "x'00ff00'", "x'610000'", "x'2000'",
             binary(bytes(range(few))), f"concat(repeat(x'80', {most // 2}), repeat(x'00', {most - most // 2}))", "x'c328a0a1e28228'"]

    def random(rng):
        size = rng.randint(0, few)
        return binary(rng.choice([rng.randbytes(size), rng.randbytes(size // 2) + bytes(size - size // 2)]))
    return edges, random


def choices(server):
    for members in (1, 2, 255, 256, 300):
        labels = ",".join(f"'m{i}'" for i in range(members))
        edges = [str(n) for n in sorted({1, members, (members + 1) // 2, min(members, 255), min(members, 256)})] + ["'not there'", "''"]
        yield Kind(f"enum({labels})", spelling.LABEL, edges, lambda rng, n=members: str(rng.randint(1, n)), keyable=True)
    for members in (1, 8, 9, 16, 17, 24, 25, 32, 33, 63, 64):
        labels = ",".join(f"'s{i}'" for i in range(members))
        edges = [str(n) for n in sorted({0, 1, 2 ** members - 1, 2 ** (members - 1)})] + ["'not there'", "'s0,not there'"]
        yield Kind(f"set({labels})", spelling.LABEL, edges, lambda rng, n=members: str(rng.randrange(2 ** n)))
    for charset, labels in [("utf8mb4", "'😀','it''s','','new\nline','ß'"), ("latin1", "'é','€','ÿ','a b'"), ("gbk", "'绿','红','中文'"),
                            ("sjis", "'表','カタ','ソ'"), ("utf16", "'ä','日','x'"), ("utf32", "'ä','😀'"), ("ucs2", "'日','本'"),
                            ("utf16le", "'ö','😀'"), ("cp1251", "'Привет','№'"), ("big5", "'中','功'"), ("ujis", "'日本','ア'"),
                            ("eucjpms", "'日本','ア'"), ("cp932", "'①','表'"), ("gb2312", "'中','文'"), ("euckr", "'한','글'"), ("greek", "'α','ω'")]:
        # With two such columns of the same labels in one table, MySQL 5.6 shows empty labels itself.
        if server == "mysql-5.6" and charset in ("utf16", "utf16le", "utf32", "ucs2"):
            continue
        yield Kind(f"enum({labels}) character set {charset}", spelling.LABEL, ["1", "2", "''"])
        if charset != "utf8mb4":
            yield Kind(f"set({labels}) character set {charset}", spelling.LABEL, ["0", "1", "2", "3"])


def compressed():
    """Columns that MariaDB keeps compressed: the log has their values so."""
    for declared, most in [("varchar(300)", 300), ("varchar(40)", 40), ("tinytext", 60), ("text", 16000), ("longtext", 20000)]:
        for charset in ("utf8mb4", "latin1", "gbk"):
            how = spelling.TEXT.but_late() if "text" in declared else spelling.TEXT
            yield Kind(f"{declared} compressed character set {charset}", how, *long_texts(most // 2))
    for declared, most in [("varbinary(300)", 300), ("tinyblob", 255), ("blob", 65000), ("mediumblob", 70000)]:
        yield Kind(f"{declared} compressed", spelling.BYTES.but_late() if "blob" in declared else spelling.BYTES, *some_bytes(most))


def texts(server, charsets):
    yield from charset_texts(server, charsets)
    yield from lengths()
    yield from octets()
    yield from choices(server)
    if server.startswith("mariadb"):
        yield from compressed()
