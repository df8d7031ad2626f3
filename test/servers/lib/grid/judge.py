"""Whether a line is the change that the server made."""

import dataclasses

from lib.server_word import line


@dataclasses.dataclass
class Wrong:
    what: str
    kind: str = ""  # the declared type where one column's value is meant
    detail: str = ""

    def __str__(self):
        return f"{self.what} {self.kind[:60]} {self.detail}"


def judge(expected, text, image, database):
    """None, or what is wrong with the line `text`. image: binlog_row_image."""
    got = line(text)
    head = (got["op"], got["db"], got.get("table"))
    if head != (expected.op, database, expected.table.name):
        return Wrong("another change", "", f"{head}, not {(expected.op, database, expected.table.name)}")
    for side in ("before", "after"):
        wanted, found = getattr(expected, side), got.get(side)
        if (wanted is None) != (found is None):
            return Wrong(f"{side} is {'there' if wanted is None else 'absent'}")
        if wanted is None:
            continue
        wrong = wrong_in_image(expected.table, wanted, found) or wrong_absence(expected, side, found, image)
        if wrong:
            return wrong
    return wrong_key(expected, got)


def wrong_in_image(table, wanted, found):
    for name, value in found.items():
        if name not in wanted:
            return Wrong("a column that is not the table's", "", repr(name))
        if not wanted[name] == value:
            kind = next((c.kind.declared for c in table.columns if c.name == name), "id")
            return Wrong("value", kind, f"{short(value)}, SELECT shows {short(wanted[name])}")
    order = [name for name in table.order() if name in found]
    return None if order == list(found) else Wrong("order of columns", "", f"{list(found)}")


def wrong_absence(expected, side, found, image):
    """Columns that must be there whatever else the image leaves out."""
    table = expected.table
    everything = {"id", *(c.name for c in table.columns)}
    late = {c.name for c in table.columns if c.kind.spelling.late}
    changed = {n for n in everything if expected.before and expected.after and expected.before[n] != expected.after[n]}
    key = set(table.key) or everything
    must = {
        "FULL": everything,
        "MINIMAL": (key if side == "before" else changed if expected.op == "update" else expected.named),
        "NOBLOB": everything - late | (changed if side == "after" else set()) | (key if side == "before" else set()),
    }[image]
    lacking = must - set(found)
    return Wrong(f"columns lack in {side}", "", f"{sorted(lacking)}") if lacking else None


def wrong_key(expected, got):
    wanted = expected.after or expected.before
    if not expected.table.key:
        return None if "key" not in got else Wrong("a key")
    key = {name: wanted[name] for name in expected.table.key}
    return None if list(got.get("key", {})) == list(key) and key == got["key"] else Wrong("key", "", f"{got.get('key')}, not {key}")


def short(value):
    text = repr(value)
    return text if len(text) < 400 else f"{text[:200]}…{text[-150:]} ({len(text)} characters)"
