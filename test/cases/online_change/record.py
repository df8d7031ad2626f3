#!/usr/bin/env python3
"""Records the cases of this folder anew: test/cases/online_change/record.py PATH-OF-pt-online-schema-change

Runs the program (Debian: percona-toolkit) on a server while an application writes to the table. A case is a folder SERVER-pt-osc:
the log that the server wrote, and application.json, each change that the application committed, in its order: [op, id, who].
The tests read the log without the program.
"""

import json
import pathlib
import random
import shutil
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[2] / "tools")]
from server import Server  # noqa: E402

ROWS = 200
PAUSE = 0.02  # seconds between two statements of the application


class Application(threading.Thread):
    def __init__(self, server):
        super().__init__()
        self.server, self.enough, self.changes = server, threading.Event(), []

    def run(self):
        dice, ids = random.Random(1), list(range(1, ROWS + 1))
        with self.server.connect(database="shop") as connection, connection.cursor() as cursor:
            while not self.enough.is_set():
                op = dice.choice(["insert", "update", "delete"])
                number = max(ids) + 1 if op == "insert" else dice.choice(ids)
                who = None if op == "delete" else f"{op}-{len(self.changes)}"
                cursor.execute({"insert": f"insert into orders (id, who) values ({number}, '{who}')",
                                "update": f"update orders set who = '{who}' where id = {number}",
                                "delete": f"delete from orders where id = {number}"}[op])
                self.changes.append([op, number, who])
                ids = ids + [number] if op == "insert" else [i for i in ids if op == "update" or i != number]
                time.sleep(PAUSE)


def record(kind, program):
    folder = HERE / f"{kind}-pt-osc"
    folder.mkdir(exist_ok=True)
    with Server(kind, ["--server-id=101"]) as server:
        rows = ", ".join(f"({n}, 'who-{n}', {n})" for n in range(1, ROWS + 1))
        server.sql("create database shop; create table shop.orders (id int primary key auto_increment, who varchar(20), total int); "
                   f"insert into shop.orders values {rows}")
        application = Application(server)
        application.start()
        try:
            subprocess.run(["perl", program, "--alter", "add column note varchar(9) after id, drop column total",
                            f"h=127.0.0.1,P={server.port},u=root,D=shop,t=orders", "--execute", "--no-version-check",
                            "--chunk-size", "10", "--chunk-time", "0", "--sleep", "0.05"], check=True)
            time.sleep(10 * PAUSE)
        finally:
            application.enough.set()
            application.join()
        server.sql("flush binary logs")
        shutil.copy(server.binlog_files()[0], folder / "binlog.000001")
    (folder / "application.json").write_text("[\n" + ",\n".join(json.dumps(c) for c in application.changes) + "\n]\n")


if __name__ == "__main__":
    for server_kind in ("mariadb-10.11", "mysql-5.6"):
        record(server_kind, sys.argv[1])
