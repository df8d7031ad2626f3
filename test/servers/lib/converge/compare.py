"""Compares a table with its mirror by checksums over ranges of the key, and shows what differs row by row."""

import bisect
import hashlib

RANGE = 500  # rows of the source
SHOWN = 10


def checksum(rows):
    return hashlib.blake2b(repr(rows).encode()).digest()


def ranges(table, ours, theirs):
    """(key from which it reaches to the next one's, our rows, their rows)"""
    ours, theirs = (sorted(rows, key=lambda row: (table.key_of(row), repr(row))) for rows in (ours, theirs))
    keys = [table.key_of(row) for row in theirs]
    begin = 0
    for at in range(0, max(len(ours), 1), RANGE):
        behind = at + RANGE
        end = bisect.bisect_left(keys, table.key_of(ours[behind])) if behind < len(ours) else len(theirs)
        yield ours[at:behind], theirs[begin:end]
        begin = end


def differences(table, ours, theirs):
    """Lines; none where they are equal."""
    lines = []
    for mine, other in ranges(table, ours, theirs):
        if checksum(mine) != checksum(other):
            lines += rows_that_differ(table, mine, other)
    return lines[:SHOWN] + ([f"  and {len(lines) - SHOWN} rows more"] if len(lines) > SHOWN else [])


def rows_that_differ(table, ours, theirs):
    left = list(theirs)
    for row in ours:
        if row in left:
            left.remove(row)
            continue
        other = next((each for each in left if table.key_of(each) == table.key_of(row)), None)
        if other is None:
            yield f"  lacks {short(row)}"
        else:
            left.remove(other)
            names = [name for name, a, b in zip(table.columns, row, other) if a != b]
            yield f"  {short(tuple(row[i] for i in table.at))}: source {pick(table, row, names)}, target {pick(table, other, names)}"
    for row in left:
        yield f"  has {short(row)}, which the source lacks"


def pick(table, row, names):
    return {name: short(value) for name, value in zip(table.columns, row) if name in names} or short(row[len(table.columns):])


def short(value):
    text = str(value)
    return text if len(text) <= 200 else f"{text[:200]}… ({len(text)} characters)"
