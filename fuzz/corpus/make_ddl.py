"""Writes fuzz/corpus/ddl from the statements in test/cases/ddl: python3 fuzz/corpus/make_ddl.py"""

import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
target = HERE / "ddl"
target.mkdir(exist_ok=True)
for old in target.iterdir():
    old.unlink()
count = 0
for path in sorted((HERE.parents[1] / "test/cases/ddl").glob("*.txt")):
    for case in re.split(r"^== .*\n", path.read_text(), flags=re.M)[1:]:
        text = case.split("\n--\n")[0]
        settings, text = text.split("\n", 1) if re.match(r"(mysql|mariadb) ", text) else ("", text)
        mode = int(m.group(1)) if (m := re.search(r"sql_mode=(\d+)", settings)) else 0
        choice = (settings.startswith("mariadb") | (mode & 4) | (mode >> 20 & 1) << 3 | (mode >> 9 & 1) << 4)
        for statement in [*re.split(r";\n", text + "\n"), None]:
            whole = statement is None
            body = "use d;\n" + text if whole else statement
            if body.strip():
                (target / f"{count:03d}").write_bytes(bytes([choice | whole << 6]) + body.encode())
                count += 1
