"""Whether `sluice decode` and `mysqlbinlog -v` say the same of a log: every row, every value, in order."""

import datetime
import json
import re

STATUS = {"new": "1", "paid": "2", "shipped": "3", "returned": "4"}
VERBS = {"INSERT": "insert", "UPDATE": "update", "DELETE": "delete"}
COLUMN = re.compile(rb"^###   @(\d+)=(.*?)(?: /\*.*\*/)?$")


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


def seconds(text):
    """A TIMESTAMP(3) of ours as the seconds since 1970 that mysqlbinlog shows."""
    moment = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=datetime.timezone.utc)
    return f"{int(moment.timestamp())}.{text[-4:-1]}"


def same_order(image, texts):
    theirs = [texts[number].decode() for number in sorted(texts)]
    ours = [str(image["id"]), str(image["customer"]), str(image["quantity"]), image["price"], f"'{image['name']}'",
            f"'{image['created']}'", seconds(image["updated"]), STATUS[image["status"]], None, f"'{image['note']}'"]
    # mysqlbinlog prints a double with fewer digits than it has: compared as numbers, within what it prints.
    theirs[5] = theirs[5] if theirs[5].startswith("'") else f"'{theirs[5]}'"
    weight = float(theirs[8].split()[0])
    return ours[:8] == theirs[:8] and ours[9] == theirs[9] and abs(weight - image["weight"]) <= abs(image["weight"]) * 1e-5


def agree(same_image, json_lines, text_lines):
    """The number of changes when all agree; raises AssertionError naming the first that does not. same_image: of two that are there."""
    def same(ours, theirs):
        return ours is theirs if ours is None or theirs is None else same_image(ours, theirs)

    count = 0
    theirs = rows_of_mysqlbinlog(text_lines)
    for line in json_lines:
        change = json.loads(line)
        if change["op"] == "ddl":
            continue
        other = next(theirs, None)
        assert other is not None, f"mysqlbinlog shows only {count} rows; sluice goes on with {line!r}"
        op, before, after = other
        good = change["op"] == op and same(change.get("before"), before) and same(change.get("after"), after)
        assert good, f"row {count + 1} differs:\n  sluice:      {line!r}\n  mysqlbinlog: {other}"
        count += 1
    other = next(theirs, None)
    assert other is None, f"sluice shows only {count} rows; mysqlbinlog goes on with {other}"
    return count


def compare(json_lines, text_lines):
    return agree(same_order, json_lines, text_lines)
