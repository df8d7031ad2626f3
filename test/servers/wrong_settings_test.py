"""Every setting of every sink and format wrong in turn, as the program's own tables name them: `sluice check` refuses each, at its
place, and says what was expected."""

import re

import pytest

from lib.sluice import run

# What each sink cannot be without; {n} is another number each time.
NEEDS = {
    "clickhouse": {"url": "http://127.0.0.1:1"}, "console": {}, "elasticsearch": {"url": "http://127.0.0.1:1"},
    "file": {"path": "./{n}.jsonl"}, "http": {"url": "http://127.0.0.1:1/"}, "kafka": {"brokers": "127.0.0.1:1"},
    "mysql": {"url": "mysql://u@127.0.0.1:1/db{n}"}, "postgresql": {"url": "postgresql://u@127.0.0.1:1/db{n}"},
    "nats": {"servers": "nats://127.0.0.1:1"},
    "rabbitmq": {"url": "amqp://127.0.0.1:1"}, "redis": {"url": "redis://127.0.0.1:1"},
    "redis_cache": {"url": "redis://127.0.0.1:1"}, "sqlite": {"path": "./{n}.db"}, "subscribers": {"listen": "127.0.0.1:{n}"},
}
# What is no value of this kind, as the tables name the kinds.
WRONG = {
    "true|false": ["maybe", "2"], "N": ["many", "-1", "1.5", "99999999999999999999999"],
    "SIZE": ["12 parsecs", "-1", "99999999999999999999999", "1.5.5MB"], "TIME": ["soon", "-1s", "99999999999999999999d"],
    "URL": ["nonsense", "ftp://h/", "'http://h:99999/'", "'://'"], "URL,...": ["nonsense", "ftp://h/", "'http://h:99999/'"],
    "TEMPLATE": ["'{nonsense}'", "'{column:}'", "'{'"], "HOST:PORT,...": ["'127.0.0.1:70000'", "':::'", "'h:many'"],
    "ADDRESS": ["'127.0.0.1:70000'", "':::'", "'h:many'"], "NAME=VALUE,...": ["nonsense", "'=x'"], "HEADER,...": ["nonsense", "'a b: c'"],
    "FILE": ["/", "/no/such/file"],
}


def tables():
    """The options of every section: (section, key, kind)."""
    section, found = None, []
    for line in run("help", "--markdown", "configuration").stdout.splitlines():
        if line.startswith("## "):
            section = line[3:].strip("`")
        row = re.match(r"\| `([^`]+)` \| (.*?) \| .*? \| .* \|$", line)
        if row:
            found.append((section, row[1], row[2].replace("\\|", "|")))
    return found


def wrong_values(kind):
    yield "{a: b}"
    yield ""
    if kind in WRONG:
        yield from WRONG[kind]
    elif "|" in kind and "TEMPLATE" not in kind:
        yield "nonsense"


OPTIONS = tables()
SECTIONS = list(dict.fromkeys(section for section, _, _ in OPTIONS if section.startswith(("sink: ", "format: "))))


def test_every_sink_is_here():
    assert {section[6:] for section in SECTIONS if section.startswith("sink: ")} == set(NEEDS) - {"console"}


@pytest.mark.parametrize("section", SECTIONS)
def test_each_wrong_setting_is_refused_at_its_place(section, tmp_path):
    what, name = section.split(": ")
    base = {"sink": name, **NEEDS[name]} if what == "sink" else {"sink": "console" if name == "sql" else "kafka", "format": name}
    if base["sink"] == "kafka":
        base |= NEEDS["kafka"]
    if name == "csv":
        base = {"sink": "file", "format": name, **NEEDS["file"]}
    lines, places = ["source: {url: mysql://sluice@127.0.0.1/}", "sinks:"], {}
    for key, kind in [(key, kind) for of, key, kind in OPTIONS if of == section]:
        for value in wrong_values(kind):
            lines.append(f"  s{len(places)}:")
            first = len(lines)
            lines += [f"    {other}: {text.format(n=20000 + len(places))}" for other, text in base.items() if other != key]
            *groups, last = key.split(".")
            lines += [f"{'  ' * (2 + depth)}{group}:" for depth, group in enumerate(groups)]
            lines.append(f"{'  ' * (2 + len(groups))}{last}: {value}".rstrip())
            places[first, len(lines) + (value == "")] = f"{key}: {value}"
    (tmp_path / "sluice.yaml").write_text("\n".join(lines) + "\n")
    done = run("check", tmp_path / "sluice.yaml", check=False)
    assert done.returncode == 2
    said = {}
    for line in done.stderr.splitlines():
        place = re.match(r"sluice check: .*?\.yaml:(\d+):\d+: .", line)
        assert place, line
        said.setdefault(int(place[1]), []).append(line)
    taken = [text for (first, last), text in places.items() if not any(number in said for number in range(first, last + 1))]
    assert taken == []
    print(f"{len(places)} wrong values of {section}, {sum(map(len, said.values()))} mistakes told")
