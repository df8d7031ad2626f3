"""The demo: a shop on a throw-away MariaDB, Sluice beside it, a SIGKILL in the middle, and a count at the end."""

import json
import os
import pathlib
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from daemon import die_with_parent  # noqa: E402
from server import Server  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent
SLUICE = pathlib.Path(os.environ.get("SLUICE_BINARY") or ROOT / "build/sluice")
KIND = "mariadb-10.11"
TERMINAL = sys.stdout.isatty()
BURST_ORDERS = 300     # placed while Sluice is killed and started again
BURST_PAUSE = 0.005    # seconds between them
KILL_AT, BACK_AT = 100, 200  # orders placed when Sluice is killed, and when it is started again
PATIENCE = 30          # seconds for a change to show up; the usual wait is milliseconds
COLOURS = {"insert": "\033[32m", "update": "\033[33m", "delete": "\033[31m", "ddl": "\033[36m", "say": "\033[1m",
           "sql": "\033[2m"}

SCHEMA = """create database shop character set utf8mb4; use shop;
create table customers (id int unsigned auto_increment primary key, name varchar(60) not null, email varchar(80));
create table products (id int primary key, name varchar(60) not null, price decimal(8,2) not null, stock int not null);
create table orders (id bigint unsigned auto_increment primary key, customer int unsigned not null, product int not null,
  pieces int not null, status enum('new','paid','sent') not null default 'new', placed timestamp(3) not null default now(3))"""

# What it is, the statements of one transaction, how many changes are to come of it.
STEPS = [
    ("Two customers come, and three products.",
     ["insert into customers (name, email) values ('Ada Lovelace', 'ada@example.org'), ('Grace Hopper', null)",
      "insert into products values (1, 'Kettle', 24.90, 10), (2, 'Teapot \U0001fad6', 39.00, 4), (3, 'Cup', 7.50, 60)"], 5),
    ("An order is one transaction: the order itself and the stock it takes.",
     ["insert into orders (customer, product, pieces) values (1, 2, 1)",
      "update products set stock = stock - 1 where id = 2"], 2),
    ("It is paid, and a customer leaves.",
     ["update orders set status = 'paid' where id = 1", "delete from customers where id = 2"], 2),
    ("This one is rolled back, so it never happened.",
     ["insert into orders (customer, product, pieces) values (1, 1, 999)", "update products set stock = 0", None], 0),
    ("A column is added; the next change has it.",
     ["alter table customers add column points int not null default 0", "update customers set points = 15 where id = 1"], 1),
]


def colour(kind, text):
    return f"{COLOURS.get(kind, '')}{text}\033[0m" if TERMINAL and kind in COLOURS else text


def say(text):
    print(colour("say", text), flush=True)


class Sluice:
    """`sluice run` on the demo's configuration. Its lines are read by a thread, printed unless `silent`, and kept."""

    def __init__(self, folder):
        self.folder = folder
        self.silent = False
        self.changes = []  # parsed lines, in the order in which they came, of all runs
        self._news = queue.Queue()
        self.process = None

    def start(self):
        self.errors = open(self.folder / "sluice.log", "a")
        # In a session of its own: Ctrl-C is ours to handle.
        self.process = subprocess.Popen([str(SLUICE), "run", str(self.folder / "sluice.yaml")], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=self.errors, start_new_session=True,
                                        preexec_fn=die_with_parent)
        self._reader = threading.Thread(target=self._read, args=[self.process.stdout], daemon=True)
        self._reader.start()

    def _read(self, stream):
        for line in stream:
            if not line.endswith(b"\n"):
                return  # cut by the kill; it comes again whole
            change = json.loads(line)
            if not self.silent:
                self._show(change["op"], line)
            self.changes.append(change)
            self._news.put(change)

    def _show(self, op, line):
        try:
            print(colour(op, "  " + line.decode().rstrip()), flush=True)
        except BrokenPipeError:
            self.silent = True  # the main thread meets the same, and ends the demo

    def wait_for(self, count):
        """Waits until that many more changes of rows have come."""
        while count:
            count -= self.next()["op"] != "ddl"

    def next(self):
        """The next change; a RuntimeError when none comes in time, at once when Sluice has ended."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                return self._news.get(timeout=0.1)
            except queue.Empty:
                ended = self.process.poll() is not None
                if ended or time.monotonic() > end:
                    reason = "Sluice ended" if ended else f"no change came from Sluice within {PATIENCE} s"
                    raise RuntimeError(f"{reason}:\n{(self.folder / 'sluice.log').read_text()[-2000:]}") from None

    def kill9(self):
        self.process.kill()
        self.process.wait()
        self._reader.join()
        self.errors.close()

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def configure(folder, server):
    (folder / "sluice.yaml").write_text(f"""name: shop
state: {folder}/state
tables: ["shop.*"]
source:
  url: {server.url}
  start: earliest
sinks:
  screen:
    sink: console
    format: json
""")


def play_steps(server, sluice):
    """The shop's day, step by step, each followed by what Sluice makes of it."""
    connection = server.connect(database="shop", autocommit=False)
    with connection.cursor() as cursor:
        for title, statements, changes in STEPS:
            say(f"\n{title}")
            for statement in statements:
                print(colour("sql", f"  sql> {statement or 'rollback'}"), flush=True)
                cursor.execute(statement or "rollback")
            connection.commit()
            sluice.wait_for(changes)
            if TERMINAL:
                time.sleep(0.8)  # for the reader's eye
    connection.close()


def burst(server, sluice):
    """Orders go on being placed while Sluice is killed and comes back. Returns the ids of the orders placed."""
    say(f"\nNow {BURST_ORDERS} orders in a row, and Sluice is killed (SIGKILL) while they are placed.")
    sluice.silent = True
    seen_before = len(sluice.changes)
    connection = server.connect(database="shop")
    with connection.cursor() as cursor:
        for number in range(BURST_ORDERS):
            cursor.execute("insert into orders (customer, product, pieces) values (1, 3, %s)", [number % 5 + 1])
            if number == KILL_AT:
                sluice.kill9()
                killed = len(sluice.changes)
                print(f"  killed after {killed - seen_before} of them had come; the shop goes on", flush=True)
            if number == BACK_AT:
                sluice.start()
                print("  started again", flush=True)
            time.sleep(BURST_PAUSE)
    connection.close()
    placed = [row[0] for row in server.sql(f"select id from shop.orders order by id desc limit {BURST_ORDERS}")][::-1]
    while not sluice.changes[seen_before:] or newest_order(sluice.changes) != placed[-1]:
        sluice.next()
    return placed, sluice.changes[seen_before:]


def newest_order(changes):
    return changes[-1].get("after", {}).get("id") if changes[-1]["table"] == "orders" else None


def settle_accounts(placed, changes, everything):
    """Compares the orders in the table with those that came as changes; nothing rolled back is among `everything`."""
    repeats = len(changes) - len({change["id"] for change in changes})
    came = list({change["id"]: change["after"]["id"] for change in changes}.values())
    missing = len(set(placed) - set(came))
    if any(change.get("after", {}).get("pieces") == 999 for change in everything):
        raise RuntimeError("a change that was rolled back has come; this is a bug of Sluice")
    say(f"\n{len(placed)} orders in the table, {len(set(came))} of them came as changes: "
        f"{missing} missing, {'in order' if came == placed else 'NOT IN ORDER'}, {repeats} repeated under the same id.")
    if came != placed:
        raise RuntimeError("changes are missing or out of order; this is a bug of Sluice")


def show_what_next(server):
    say("\nTo try next:")
    commands = [("./do demo mysql://USER@HOST:3306/", "the changes of your own server; it only reads")]
    if TERMINAL:
        log = server.binlog_files()[0]
        commands = [(f"build/sluice tail {server.url} --pretty", "this shop, from another terminal"),
                    (f"build/sluice decode {log} --format maxwell", "the same from the log's file")] + commands
    else:
        commands += [("build/sluice doctor mysql://USER@HOST:3306/", "what that server lacks, and how to mend it"),
                     ("build/sluice init", "a commented sluice.yaml for a pipeline that stays")]
    for command, meaning in commands:
        print(f"  {command}\n      {meaning}", flush=True)


def stay_open(server, sluice):
    """An order every other second, until Ctrl-C."""
    say("\nThe shop stays open; Ctrl-C closes it and cleans up.")
    sluice.silent = False
    while True:
        server.sql("insert into shop.orders (customer, product, pieces) values (1, 1 + floor(rand() * 3), 1)")
        sluice.wait_for(1)
        time.sleep(2)


def play(folder):
    say("Starting a MariaDB in a temporary folder, and Sluice beside it.")
    with Server(KIND, full=True) as server:
        sluice = Sluice(folder)
        configure(folder, server)
        try:
            sluice.start()
            server.sql(SCHEMA)
            play_steps(server, sluice)
            placed, changes = burst(server, sluice)
            settle_accounts(placed, changes, sluice.changes)
            show_what_next(server)
            if TERMINAL:
                stay_open(server, sluice)
        finally:
            sluice.close()


def main():
    # Ctrl-C counts even where the shell that started this had its jobs ignore it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-demo-"))
    try:
        play(folder)
    except KeyboardInterrupt:
        print("\nClosed; the server and its folder are gone.")
    except RuntimeError as error:
        sys.exit(f"./do demo: {error}")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has left; nothing more to say
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
