#!/usr/bin/env python3
"""Makes fuzz/corpus/{charset,config,masks,nats,packets,prepared,rules,server,shape,words} anew: a few seeds for each shape of input."""

import json
import pathlib
import shutil
import struct
import zlib

from make_decoder import CASES, CORPUS, FORMAT, events

ROOT = CORPUS.parents[1]
XID = b"X'6f6e65',X'',1"
# A collation of each of the multi-byte character sets, and of some others (SHOW COLLATION).
COLLATIONS = [1, 8, 9, 11, 12, 13, 14, 18, 19, 22, 24, 28, 33, 35, 38, 45, 51, 54, 56, 60, 63, 83, 84, 85, 86, 87, 88, 95, 97, 248]
TEXT = "a é ß Ж 中文 の 한 😀 ½"
ENCODINGS = ["utf-8", "gb18030", "utf-16-be", "utf-32-be", "euc-jp", "shift-jis", "big5", "euc-kr", "latin-1"]

CONDITIONS = [
    "i > 5 AND NOT (s LIKE 'a!_%' ESCAPE '!' OR s REGEXP '^[a-z]+$')", "m * 2 / 3 BETWEEN -1.5 AND u % 7 OR abs(-f) <=> 1e3",
    "concat(lower(s), upper(e), substr(b, -2, 1), d, t, z, c, g) IN ('x', NULL, 'y')", "changed(j) AND json(j, '$.a[0].\"b c\"') = 'x'",
    "CASE i WHEN 1 THEN t WHEN 2 THEN d ELSE '2026-01-15 10:30:00.5' END > ts", "year(d) * 100 + month(t) + hour(c) + minute(z) IS NOT NULL",
    "coalesce(n, OLD.s, NEW.s) = '{\"a\": [1, \"\\u00e9\"]}' AND json(s, '$.a[1]') <> ''", "hash(concat(i, m)) % 10 < round(m, 1)",
    "x = 1 OR x = 'a' OR y = 1999", "table = 't' AND db <> 'crm' AND operation IN ('insert', 'update')", "9223372036854775807 + u - -i * 3",
]


DOCUMENTS = [
    {"p": "+49 170 1234567", "a": {"p": [1, 2.5, None, True]}, "q": "x"}, {"a": ["one", {"p": "two"}, [-3]]}, [[], {}, "a\"b\\c\u00e9"], "alone",
]
PATCH = [{"op": "replace", "path": "$.p", "value": "1"}, {"op": "insert", "path": "$.a[1].p", "value": {"p": 2}}, {"op": "remove", "path": "$.q"}]


def binary(value):
    """(type, bytes) of MySQL's binary JSON, arrays and objects in the large form."""
    if value is None or isinstance(value, bool):
        return 4, bytes([0 if value is None else 2 - value])
    if isinstance(value, (int, float)):
        return (9, struct.pack("<q", value)) if isinstance(value, int) else (11, struct.pack("<d", value))
    if isinstance(value, str):
        return 12, bytes([len(value.encode())]) + value.encode()
    keys = sorted((key.encode() for key in value), key=lambda key: (len(key), key)) if isinstance(value, dict) else []
    values = [binary(each) for each in ([value[key.decode()] for key in keys] or value)]
    entries, content = b"", b"".join(keys)
    begin = 8 + 6 * len(keys) + 5 * len(values)
    for i, key in enumerate(keys):
        entries += struct.pack("<IH", begin + sum(map(len, keys[:i])), len(key))
    for kind, data in values:
        entries += bytes([kind]) + (data + b"\0\0\0" if kind == 4 else struct.pack("<I", begin + len(content)))
        content += b"" if kind == 4 else data
    return 1 if isinstance(value, dict) else 3, struct.pack("<II", len(values), begin + len(content)) + entries + content


def masks():
    documents = [(0, json.dumps(each).encode()) for each in DOCUMENTS]
    for form, each in [(1, each) for each in DOCUMENTS] + [(2, PATCH)]:
        kind, data = binary(each)
        documents.append((form, bytes([kind]) + data))
    for path in range(6):
        for form, data in documents:
            yield bytes([0, path, 1, form]) + data
    for mask in range(25):
        for kind in (16, (4, 7, 10, 24, 13, 6)[mask % 6]):  # VarChar and another one (ColumnType, less 1)
            yield bytes([1, mask, kind, 0x32]) + struct.pack("<Q", 0x1234567890) + b"Al 0170-1234567 x@y.org"


def packet(data, number=0):
    return struct.pack("<I", len(data))[:3] + bytes([number]) + data


def frame(data, compress):
    packed = zlib.compress(data) if compress else data
    return struct.pack("<I", len(packed))[:3] + b"\0" + struct.pack("<I", len(data) if compress else 0)[:3] + packed


def number(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def text(value):
    return number(len(value)) + value


def shape(version):
    column = text(b"id") + number(3) + number(3) + b"\0" * 4 + text(b"utf8mb4") + text(b"") + number(1) + text(b"x") + text(b"int")
    return bytes([version]) + text(b"shop") + text(b"t") + text(b"utf8mb4") + text(b"") + b"\1\1" + column + b"\1\0"


def seeds():
    for collation in COLLATIONS:
        head = struct.pack("<H", collation)
        yield "charset", head + b"".join(bytes([i, 0x40 + i % 0x40, 0x80 + i % 0x7F, 0]) for i in range(0, 256, 3))
        yield "charset", head + b"".join(TEXT.encode(encoding, "replace") for encoding in ENCODINGS)
    for path in sorted((ROOT / "test/cases/config").glob("*.yaml")):
        yield "config", path.read_bytes()
    stream = packet(b"\0" + b"event") + packet(b"") + packet(b"\xff\xd4\x04#HY000Could not find first log file name") + packet(b"x" * 300)
    yield "packets", b"\0" + stream
    yield "packets", b"\7" + frame(stream, True) + frame(stream[:40], False) + frame(stream[40:], True)
    for case, wanted in (("mysql-9.7-xa", 8), ("mariadb-10.11-xa-compressed", 8)):
        log = [(kind, event) for kind, event in events(sorted((CASES / case).glob("binlog.*"))[0])]
        body = b"".join(event[:9] + struct.pack("<I", len(event) - 4) + event[13:-4] for kind, event in log[4:4 + wanted] if len(event) < 400)
        note = b"\nbinlog.000007\n100\n"
        yield "prepared", bytes([1, len(note)]) + note + body + b"\0" * 19
        yield "prepared", bytes([0, 0]) + XID + b"\n" + body + b"\0" * 19
        yield "server", b"\2" + b"".join(event for kind, event in log[:12] if kind == FORMAT or len(event) < 300)
    for declared in ("int(10) unsigned zerofill", "decimal(65,30)", "timestamp(1) /* mariadb-5.3 */", "enum('a','b''c','\\\\')",
                     "set('x') character set latin1", "varchar(20) /*M!100301 COMPRESSED*/", "vector(3)", "datetime(6)"):
        yield "server", b"\0" + declared.encode()
    yield "server", b"\1GRANT SELECT, REPLICATION SLAVE ON *.* TO `a`@`%`\nGRANT SELECT (`x`) ON `d\\_b`.`t` TO `a`@`%`\nGRANT ALL PRIVILEGES ON `s`.* TO 'b'@'h'"
    for each in masks():
        yield "masks", each
    for condition in CONDITIONS:
        yield "rules", b"\1" + struct.pack("<Q", 0x0123456789ABCDEF) + condition.encode()
        yield "rules", b"\0" + struct.pack("<Q", 5) + condition.encode()
    yield "shape", shape(int(version_of_shapes()))
    client = struct.pack("<IH", 9, 0) + b"\0shop\\." + struct.pack("<IH", 2, 3) + struct.pack("<IH", 5, 1) + b"abc" + struct.pack("<IH", 5, 9) + b"x#1"
    yield "subscribers", b"\2" + client
    yield "subscribers", b"\6" + client
    request = b'{"subscribe": ["shop.*", "!shop.t"], "operations": ["insert"], "where": "id > 1", "after": "0-1-2#3", "token": "x"}'
    yield "subscribers", b"\1tick\r\n\r\n\r\n" + request + b"\r\n\r\n\r\nti"
    masked = bytes(c ^ m for c, m in zip(request, b"abcd" * len(request)))
    text = bytes([0x81, 0x80 | len(request)]) + b"abcd" + masked
    yield "subscribers", b"\x09" + text + b"\x01\x80abcd" + b"\x89\x81abcdx" + b"\x80\x80abcd" + b"\x88\x82abcd" + bytes([3 ^ 97, 0xE8 ^ 98])
    yield "subscribers", (b"\0GET /?subscribe=shop.*&after=a%231&token=x HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nOrigin: null\r\n"
                          b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" + text)
    yield "nats", (b'\x07INFO {"headers":true,"max_payload":5}\r\nPONG\r\nMSG _INBOX.a.1 1 24\r\n{"stream":"S", "seq":12}\r\nPING\r\n'
                   b"-ERR 'Stale Connection'\r\n")
    yield "nats", b'\x03HMSG _INBOX.a.2 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\nMSG i.3 1 r 41\r\n{"stream":"S","seq":7, "duplicate": true}\r\n'
    yield "nats", b'\x05MSG i.3 1 66\r\n{"error":{"code":503,"err_code":10077,"description":"full"},"a":1}\r\n'
    seed = b"SUAAAAICAMCAKBQHBAEQUCYMBUHA6EARCIJRIFIWC4MBSGQ3DQOR4H776Y\n"  # of the bytes 0 to 31
    yield "nats", b"\0# of the shop\n" + seed
    yield "nats", b"\0-----BEGIN NATS USER JWT-----\ne.e.c\n------END NATS USER JWT------\n-----BEGIN USER NKEY SEED-----\n" + seed
    for words in ("mysql://user:pass%40word@[::1]:3306/?tls=required&a=b", "user:@host", "mysql://h", "a:b:c@d@e:99999/x"):
        yield "words", b"\0" + words.encode()
    for words in ("shop.*, !shop.tmp_*", "/crm[.](lead|deal)/", "`a.b`.`c``d`", "*.*,!*.x?"):
        yield "words", b"\1" + words.encode()


def version_of_shapes():
    for line in (ROOT / "src/state/sqlite/shape.cpp").read_text().splitlines():
        if "kVersion =" in line:
            return line.split("=")[1].strip(" ;")
    raise RuntimeError("shape.cpp does not name its version")


def main():
    made = {}
    for target, content in seeds():
        made.setdefault(target, []).append(content)
    for target, contents in made.items():
        shutil.rmtree(CORPUS / target, ignore_errors=True)
        (CORPUS / target).mkdir()
        for index, content in enumerate(dict.fromkeys(contents)):
            (CORPUS / target / f"{index:03d}").write_bytes(content)


if __name__ == "__main__":
    main()
