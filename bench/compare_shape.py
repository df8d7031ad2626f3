"""Whether `sluice decode` and `mysqlbinlog -v` say the same of a log of any shape: every row, every value, in order."""

import json
import re

from compare import VERBS

COLUMN = re.compile(rb"^###   @(\d+)=(.*?)(?: /\*.*\*/)?$")
ESCAPE = re.compile(rb"\\x([0-9a-fA-F]{2})")


def rows_of_mysqlbinlog(lines):
    """(op, before, after), the images by column number with the values as mysqlbinlog spells them."""
    op, images, image = None, {}, None
    for line in lines:
        if not line.startswith(b"###"):
            continue
        line = line.rstrip(b"\n")
        if line.startswith(b"###   @"):
            number, text = COLUMN.match(line).groups()
            image[int(number)] = text
        elif line.startswith((b"### SET", b"### WHERE")):
            image = images.setdefault("after" if line.startswith(b"### SET") else "before", {})
        else:
            if op:
                yield op, images.get("before"), images.get("after")
            op, images = VERBS[line.split()[1].decode()], {}
    if op:
        yield op, images.get("before"), images.get("after")


def unquote(text):
    return ESCAPE.sub(lambda m: bytes([int(m.group(1), 16)]), text[1:-1])


def same_value(column, ours, theirs):
    if theirs == b"NULL" or ours is None:
        return theirs == b"NULL" and ours is None
    if column.kind == "real":  # mysqlbinlog prints fewer digits than a double has
        theirs = float(theirs.split()[0])
        return abs(ours - theirs) <= abs(theirs) * 1e-5
    if column.kind.startswith("enum:"):
        return column.kind[5:].split(",").index(ours) + 1 == int(theirs)
    if column.kind == "text":
        return unquote(theirs).decode(column.charset) == ours
    if column.kind == "json":
        theirs = json.loads(unquote(theirs))
        return theirs == (json.loads(ours) if isinstance(ours, str) else ours)
    if column.kind == "time":
        return theirs.strip(b"'").decode() == ours
    # An integer that lies above the signed ones is shown as both: -1 (4294967295).
    return str(ours) in theirs.decode().replace("(", " ").replace(")", " ").split()


def same_image(columns, ours, theirs):
    if ours is None or theirs is None:
        return ours is None and theirs is None
    if len(ours) != len(theirs):
        return False
    return all(same_value(columns[number - 1], ours[columns[number - 1].name], text) for number, text in theirs.items())


def compare(columns, json_lines, text_lines):
    """The number of changes when all agree; raises AssertionError naming the first that does not."""
    count = 0
    theirs = rows_of_mysqlbinlog(text_lines)
    for line in json_lines:
        change = json.loads(line)
        if change["op"] == "ddl":
            continue
        other = next(theirs, None)
        assert other is not None, f"mysqlbinlog shows only {count} rows; sluice goes on with {line!r}"
        op, before, after = other
        good = (change["op"] == op and same_image(columns, change.get("before"), before)
                and same_image(columns, change.get("after"), after))
        assert good, f"row {count + 1} differs:\n  sluice:      {line!r}\n  mysqlbinlog: {other}"
        count += 1
    other = next(theirs, None)
    assert other is None, f"sluice shows only {count} rows; mysqlbinlog goes on with {other}"
    return count
