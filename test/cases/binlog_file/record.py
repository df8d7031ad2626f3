"""Records the log files beside it anew, from real servers:

    python3 test/cases/binlog_file/record.py

Each server's log is three files of one series; the last one is of a server that still runs, so its in-use flag is set.
"""

import pathlib
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "tools"))

from server import Server  # noqa: E402

STATEMENTS = [
    "create database shop",
    "create table shop.item (id int primary key, name varchar(20))",
    "insert into shop.item values (1, 'one'), (2, 'two')",
    "flush binary logs",
    "begin; update shop.item set name = 'eins' where id = 1; delete from shop.item where id = 2; commit",
    "alter table shop.item add column price decimal(8,2)",
    "flush binary logs",
    "insert into shop.item values (3, 'dreißig', 1.50)",
    "insert into shop.item values (4, 'four', 2.25)",
]

for kind, gtid in [("mysql-9.7", True), ("mariadb-10.11", False), ("mysql-5.6", False)]:
    target = HERE / kind
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    with Server(kind, full=True, gtid=gtid) as server:
        for statement in STATEMENTS:
            server.sql(statement)
        files = server.binlog_files()[-3:]
        for file in files:
            shutil.copy(file, target)
        (target / "binlog.index").write_text("".join(f"./{file.name}\n" for file in files))
