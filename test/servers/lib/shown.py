"""What `sluice schema` shows, as shapes: told to sluice_ddl_probe as the statements of a dump."""

import contextlib

from lib.shapes import Probe


def shown_shapes(text, databases):
    shapes = {}
    with contextlib.closing(Probe("mysql", 0, "utf8mb4", 1)) as probe:
        for statement in text.split(";\n"):
            statement = "\n".join(line for line in statement.splitlines() if not line.startswith("-- ")).strip()
            if not statement:
                continue
            why, shapes = probe.apply(statement, 0, "")
            assert not why, f"{why}: {statement}"
    return {name: shape for name, shape in shapes.items() if name[0] in databases}
