"""Into PostgreSQL's tables beside COPY of the same rows, in its binary form, from a file at the server."""

import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tools"))
from postgresql_server import PostgreSQL  # noqa: E402

SINK = """  out: {{sink: postgresql, url: '{url}', where: "operation = 'insert'"}}
memory: {{batch_bytes: 4MiB}}
"""


def ours(bench, target, name):
    """Until the last row is there."""
    last = f"SELECT 1 FROM bench.orders WHERE id = {bench.options.rows}"
    with target.connect() as session:
        def done():
            time.sleep(0.02)
            try:
                return session.ask(last) == [("1",)]
            except RuntimeError:  # no table yet
                return False
        return bench.until(bench.start(name, SINK.format(url=target.url()), {0, 1}), done)


def theirs(target):
    file = target.folder / "rows"
    with target.connect() as session:
        session.ask(f"COPY bench.orders TO '{file}' (FORMAT binary)")
        session.ask("CREATE TABLE copied (LIKE bench.orders INCLUDING ALL)")
        begin = time.monotonic()
        session.ask(f"COPY copied FROM '{file}' (FORMAT binary)")
        return time.monotonic() - begin


def run(bench):
    pairs, cpu = [], []
    for i in range(bench.options.runs):
        with PostgreSQL() as target:
            wall, used, _ = ours(bench, target, f"postgresql-{i}")
            pairs.append((wall, theirs(target)))
            cpu.append(used)
    ratios = sorted(b / a for a, b in pairs)
    a, b = (sorted(each[i] for each in pairs)[len(pairs) // 2] for i in (0, 1))
    rows = bench.options.rows
    bench.add("rows into PostgreSQL's tables, each by its key, against COPY of the same from a file at the server", f"{rows / a:,.0f}/s",
              f"{rows / b:,.0f}/s", f"{ratios[len(ratios) // 2]:.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})", "")
    bench.add("  Sluice's processor time meanwhile, with the changes that are left out", f"{min(cpu):.2f} s", "", "", "")
