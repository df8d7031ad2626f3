"""Whether `sluice decode` and `mysqlbinlog -v` say the same of a log of any shape: every row, every value, in order."""

import json
import re

from compare import agree

ESCAPE = re.compile(rb"\\x([0-9a-fA-F]{2})")


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


def compare(columns, json_lines, text_lines):
    def same_image(ours, theirs):
        return len(ours) == len(theirs) and all(
            same_value(columns[number - 1], ours[columns[number - 1].name], text) for number, text in theirs.items())

    return agree(same_image, json_lines, text_lines)
