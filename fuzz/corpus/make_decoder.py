#!/usr/bin/env python3
"""Makes fuzz/corpus/decoder and fuzz/corpus/gtid anew from the recorded logs of test/cases/binlog: one small file for each kind of
transaction, behind the format description that explains it."""

import hashlib
import pathlib
import shutil
import struct

CORPUS = pathlib.Path(__file__).resolve().parent
CASES = CORPUS.parents[1] / "test/cases/binlog"
MOST_BYTES = 1500  # of one seed: the fuzzer works best on small ones
FORMAT, TABLE_MAP, GTID, PREVIOUS, TAGGED, MARIADB_GTID, MARIADB_LIST = 15, 19, 33, 35, 42, 162, 163
STARTS = {GTID, 34, TAGGED, MARIADB_GTID}


def events(path):
    log, at = path.read_bytes(), 4
    while at < len(log):
        size = struct.unpack_from("<I", log, at + 9)[0]
        yield log[at + 4], log[at:at + size]
        at += size


def transactions(path):
    """(format description, the types in it, its bytes)"""
    head, types, body = b"", [], b""
    for kind, event in events(path):
        if kind == FORMAT:
            head = event
            continue
        if kind in STARTS and types:
            yield head, types, body
            types, body = [], b""
        types.append(kind)
        body += event
    yield head, types, body


def main():
    for target in ("decoder", "gtid"):
        shutil.rmtree(CORPUS / target, ignore_errors=True)
        (CORPUS / target).mkdir(parents=True)
    seen = set()
    for path in sorted(CASES.glob("*/binlog.*")):
        server = path.parent.name.rsplit("-", 1)[0]
        for number, (head, types, body) in enumerate(transactions(path)):
            first = next((event[27:47] for kind, event in events_of(body) if kind == TABLE_MAP), b"")  # its table
            shape = (server[:7], frozenset(types), first)
            if shape in seen or len(body) > MOST_BYTES:
                continue
            seen.add(shape)
            write("decoder", bytes([number % 64]) + head + body)
        for kind, event in events(path):
            if kind in (PREVIOUS, MARIADB_LIST):
                write("gtid", bytes([1 if kind == PREVIOUS else 2]) + event[19:-4])
    for text in ("", "0-1-5,3-2-18446744073709551615", "11111111-2222-3333-4444-555555555555:1-5:7:tag:1-9223372036854775806"):
        write("gtid", b"\0" + text.encode())


def events_of(body):
    at = 0
    while at < len(body):
        size = struct.unpack_from("<I", body, at + 9)[0]
        yield body[at + 4], body[at:at + size]
        at += size


def write(target, content):
    (CORPUS / target / hashlib.sha1(content).hexdigest()[:12]).write_bytes(content)


if __name__ == "__main__":
    main()
