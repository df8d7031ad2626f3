"""Tables of the grid: a few columns of different kinds each, nullable or not, under plain and odd names."""

from lib.server_word import quoted

# What identifiers may hold: all of Unicode's first plane. A name has up to 64 characters.
NAME_LETTERS = "abcXYZ_$09 `\"'\\\n\t,;:.#@%/-+*(){}[]éßÿАя日本語の€\u2028\ufeff\x7f"
NULLS = 0.12  # of the values of a column that takes them


def name(rng, plain, longest=64):
    """`plain`, or one in four times something that quoting must survive."""
    if rng.random() < 0.75:
        return plain
    letters = "".join(rng.choices(NAME_LETTERS, k=rng.choice([2, 10, longest - len(plain)])))
    return f"{letters}{plain}"  # a name cannot end with a space


class GridColumn:
    def __init__(self, name, kind, nullable):
        self.name, self.kind, self.nullable = name, kind, nullable

    def declaration(self):
        return f"{quoted(self.name)} {self.kind.declared} {'null' if self.nullable else 'not null'}"

    def value(self, rng, given):
        return "null" if self.nullable and rng.random() < NULLS else given


class GridTable:
    """columns: without `id`. key: names of the primary key's columns, empty for none."""

    def __init__(self, rng, number, columns):
        self.name = name(rng, f"t{number}", 40)  # a table is a file, whose name spends five bytes on an odd character
        self.columns = columns
        self.key = ["id"] if rng.random() < 0.85 else []
        keyable = [c for c in columns if c.kind.keyable and not c.nullable]
        if self.key and keyable and rng.random() < 0.4:
            self.key.append(rng.choice(keyable).name)
            rng.shuffle(self.key)
        self.id_first = rng.random() < 0.5

    def create(self):
        parts = [c.declaration() for c in self.columns]
        parts.insert(0 if self.id_first else len(parts), "`id` int not null")
        if self.key:
            parts.append(f"primary key ({', '.join(quoted(k) for k in self.key)})")
        return f"create table {quoted(self.name)} ({', '.join(parts)}) engine=innodb row_format=dynamic"

    def order(self):
        names = [c.name for c in self.columns]
        return ["id", *names] if self.id_first else [*names, "id"]

    def insert(self, rows):
        """`rows`: [(id, [value, …]), …] in the order of `columns`."""
        names = ", ".join(["`id`", *(quoted(c.name) for c in self.columns)])
        spelt = ", ".join(f"({', '.join([str(key), *values])})" for key, values in rows)
        return f"insert into {quoted(self.name)} ({names}) values {spelt}"

    def select(self):
        """(statement, columns of the answer for each column): id first, rows in their order."""
        parts = [text for c in self.columns for text in c.kind.spelling.expressions(quoted(c.name))]
        return f"select `id`, {', '.join(parts)} from {quoted(self.name)} order by `id`"


def tables(rng, kinds):
    """Every kind twice, once nullable and once not, in tables of different width: the null bitmap ends within and at bytes."""
    drafts = [(kind, nullable) for kind in kinds for nullable in (True, False)]
    rng.shuffle(drafts)
    number = 0
    while drafts:
        width = rng.choice([1, 6, 7, 8, 9, 15, 17])
        chosen, drafts = drafts[:width], drafts[width:]
        yield GridTable(rng, number, [GridColumn(name(rng, f"c{i}"), kind, nullable) for i, (kind, nullable) in enumerate(chosen)])
        number += 1
