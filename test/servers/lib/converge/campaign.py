"""Rounds of: writers and faults for some seconds, then quiet, then each target is compared with the source."""

import contextlib
import dataclasses
import json
import pathlib
import random
import shutil
import subprocess
import threading
import time

from lib.converge.compare import differences
from lib.converge.targets import DATABASE, TARGETS, UTC
from lib.converge.values import rows_of_mysql, tables_of
from lib.converge.workload import SchemaSession, Session, schema
from lib.fault_proxy import FaultProxy
from lib.sluice import BINARY, run
from server import Server

PATIENCE = 300  # seconds until everything that was written is at every target
LOG_BYTES = 64 << 20  # of one file of the source's log
BACKLOG_BYTES = 8 << 20  # of the log that the slowest target lacks, at which the writers rest
DEATHS_IN_A_ROW = 5  # by itself, without having come further


class Broken(AssertionError):
    """A promise was broken; the words say which."""


def place(text):
    """(number of the log's file, offset), as places follow each other."""
    file, _, offset = text.split(" ")[0].rpartition(":")
    return (int(file.rpartition(".")[2]), int(offset)) if file else (0, 0)


class Pipeline:
    """Sluice, started again whenever it ends, as an init system would. Its words go to `words` in the folder."""

    def __init__(self, folder):
        self.folder, self.words = folder, folder / "words"
        self.process, self.kills, self.ends, self.ends_in_a_row = None, 0, 0, 0
        self.begun = 0

    def start(self):
        with open(self.words, "ab") as words:
            self.begun = words.tell()
            self.process = subprocess.Popen([BINARY, "run", "sluice.yaml"], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=words, stderr=words)

    def kill(self):
        self.keep()
        self.process.kill()
        self.process.wait()
        self.kills += 1
        self.start()

    def keep(self):
        """Starts it again if it has ended."""
        if self.process.poll() is None:
            return
        self.ends += 1
        self.ends_in_a_row += 1
        if self.ends_in_a_row >= DEATHS_IN_A_ROW:
            raise Broken(f"sluice ended {self.ends_in_a_row} times by itself, with {self.process.returncode} at last:\n{self.tail()}")
        time.sleep(0.2)
        self.start()

    def tail(self, bytes=1500):
        return self.words.read_bytes()[-bytes:].decode(errors="replace")

    def status(self):
        try:
            return json.loads(run("status", self.folder / "state", "--json", check=False).stdout or "{}")
        except ValueError:
            return {}

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@dataclasses.dataclass
class Round:
    changes: int = 0
    schema_changes: int = 0
    faults: dict = dataclasses.field(default_factory=dict)
    rows: int = 0
    catching_up: float = 0
    differences: list = dataclasses.field(default_factory=list)

    def told(self):
        faults = ", ".join(f"{count} {what}" for what, count in self.faults.items())
        return (f"{self.changes:,} changes, {self.schema_changes} schema changes, {faults}; caught up in {self.catching_up:.1f} s, "
                f"{self.rows:,} rows compared: " + ("equal" if not self.differences else "\n" + "\n".join(self.differences)))


class Campaign:
    def __init__(self, folder, seed, targets=tuple(TARGETS), source="mariadb-10.11", sessions=4):
        self.folder, self.seed, self.sessions = pathlib.Path(folder), seed, sessions
        self.rounds = 0
        self.stack = contextlib.ExitStack()
        with contextlib.ExitStack() as stack:
            self.source = stack.enter_context(Server(source, [f"--max-binlog-size={LOG_BYTES}"], full=True, gtid=True))
            self.proxy = stack.enter_context(FaultProxy(self.source.port))
            self.targets = {name: stack.enter_context(contextlib.closing(TARGETS[name](self.folder))) for name in targets}
            self.pipeline = stack.enter_context(contextlib.closing(Pipeline(self.folder)))
            self.source.sql(schema(DATABASE))
            self.configure()
            self.pipeline.start()
            self.catch_up()
            self.make_unique()
            self.stack = stack.pop_all()

    def configure(self):
        flavour = self.source.kind.flavour
        lines = ["name: converge", "state: ./state", "source:", f"  url: {flavour}://root@127.0.0.1:{self.proxy.port}/", "  start: earliest",
                 f'tables: ["{DATABASE}.*"]', "memory: {batch_bytes: 256KiB}", "sinks:"]
        for name, target in self.targets.items():
            lines += [f"  {name}:", *(f"    {line}" for line in target.lines()), f"    tables: {json.dumps(target.tables())}"]
        (self.folder / "sluice.yaml").write_text("\n".join(lines) + "\n")

    def make_unique(self):
        """Targets with unique indexes of their own need the order of changes to be kept."""
        for target in self.targets.values():
            if target.mirror:
                for column in ("u", "v"):
                    target.make_unique("c_other", column)

    # A round

    def dice(self, name):
        return random.Random(f"{self.seed}/{self.rounds}/{name}")

    def round(self, seconds):
        self.rounds += 1
        done, ending, resting = Round(), threading.Event(), threading.Event()
        writers = [Session(self.source, DATABASE, f"{self.seed}/{self.rounds}/{i}", ending, resting) for i in range(self.sessions)]
        changer = SchemaSession(self.source, DATABASE, f"{self.seed}/{self.rounds}/schema", ending, resting)
        others = [threading.Thread(target=self.lock, args=(name, ending), daemon=True) for name, target in self.targets.items() if target.locks]
        others.append(threading.Thread(target=self.hold_back, args=(ending, resting), daemon=True))
        end, failures = time.monotonic() + seconds, []
        others.append(threading.Thread(target=self.disturb_sluice, args=(end, done.faults, failures), daemon=True))
        for thread in others:
            thread.start()
        try:
            self.disturb(self.deaths(), end, done.faults)
        finally:
            ending.set()
            for thread in (*writers, changer, *others):
                thread.join()
        for failure in [*failures, *(writer.error for writer in (*writers, changer) if writer.error)]:
            raise failure
        done.changes, done.schema_changes = sum(writer.changes for writer in writers), changer.changes
        self.touch(changer.altered)
        done.catching_up = self.catch_up()
        self.compare(done)
        if not done.differences:
            self.forget_logs()
        return done

    def quick_faults(self):
        """What may be done to whom in no time: (name, function(dice)) each."""
        def slow(proxy, dice):
            proxy.mode = "slow"
            time.sleep(dice.uniform(0.1, 0.6))
            proxy.mode = "clear"

        proxies = [self.proxy] + [proxy for target in self.targets.values() for proxy in target.proxies]
        return ([("kills of sluice", lambda _: self.pipeline.kill())] * 3 +
                [("cuts", lambda dice, proxy=proxy: proxy.cut(dice.random() < 0.5)) for proxy in proxies] +
                [("slow links", lambda dice, proxy=proxy: slow(proxy, dice)) for proxy in proxies])

    def deaths(self):
        return [("deaths of targets", target.fail) for target in self.targets.values() if target.fail]

    def disturb(self, faults, end, counts):
        """Every fault has its turn before one comes again."""
        dice, deck = self.dice(f"faults, {len(faults)}"), []
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(dice.uniform(0.1, 1), left))
            if not deck:
                deck = list(faults)
                dice.shuffle(deck)
            if deck:
                name, fault = deck.pop()
                fault(dice)
                counts[name] = counts.get(name, 0) + 1

    def disturb_sluice(self, end, counts, failures):
        """On a thread of its own; targets are restarted on ours, since servers die with the thread that started them."""
        ends = self.pipeline.ends
        try:
            self.disturb([*self.quick_faults(), ("looks after it", lambda _: self.pipeline.keep())], end, counts)
        except Exception as error:  # told by whoever joins it
            failures.append(error)
        counts.pop("looks after it", None)
        if self.pipeline.ends > ends:
            counts["ends by itself"] = self.pipeline.ends - ends

    def hold_back(self, ending, resting):
        """The writers rest while the targets lag too far behind."""
        while not ending.wait(0.3):
            (resting.set if self.backlog() > BACKLOG_BYTES else resting.clear)()

    def place(self):
        return "{}:{}".format(*self.source.binlog_position())

    def backlog(self):
        """Bytes of log, about; 0 while nobody can tell."""
        sinks = self.pipeline.status().get("sinks")
        if not sinks:
            return 0
        (file, offset), (slowest_file, slowest) = place(self.place()), min(place(sink["delivered"]) for sink in sinks)
        return (file - slowest_file) * LOG_BYTES + offset - slowest

    def lock(self, name, ending):
        """A foreign session at a mirror, until the round is over."""
        dice = self.dice(f"locks of {name}")
        while not ending.wait(dice.uniform(0.1, 0.5)):
            with contextlib.suppress(Exception):  # the target is away, or chose this session as a deadlock's victim
                self.targets[name].locks(dice)

    def touch(self, tables):
        """What an ALTER did to the rows that are there is not in the log: caches and indices have it once the row changes."""
        there = {name for name, in self.source.sql(f"show tables from {DATABASE}")}
        for table in sorted(tables & there):
            self.source.sql(f"update {DATABASE}.{table} set round = {self.rounds}")

    def catch_up(self):
        """Until every sink has delivered what was written; the seconds that it took."""
        begin, end = time.monotonic(), self.place()
        while True:
            self.pipeline.keep()
            status = self.pipeline.status()
            sinks = status.get("sinks", [])
            if len(sinks) == len(self.targets) and all(place(sink["delivered"]) >= place(end) for sink in sinks):
                self.pipeline.ends_in_a_row = 0
                return time.monotonic() - begin
            if time.monotonic() > begin + PATIENCE:
                raise Broken(f"not caught up to {end} after {PATIENCE} s: {json.dumps(status, indent=1)}\n{self.pipeline.tail()}")
            time.sleep(0.1)

    def compare(self, done):
        with contextlib.closing(self.source.connect(conv={}, init_command=UTC)) as connection:
            rows = {table: rows_of_mysql(connection, DATABASE, table) for table in tables_of(connection, DATABASE).values()}
        for name, target in self.targets.items():
            for table, ours in rows.items():
                if target.has(table.name):
                    found = differences(table, ours, target.rows(table))
                    done.rows += len(ours)
                    done.differences += [f"{name}, table {table.name}:", *found] if found else []
            done.differences += [f"{name}: {line}" for line in target.differences(rows)]

    def forget_logs(self):
        self.source.sql("flush binary logs")
        self.catch_up()
        self.source.sql("purge binary logs to '{}'".format(self.source.binlog_position()[0]))

    def keep_evidence(self, where):
        """The configuration, what Sluice said, its state and the source's log."""
        shutil.copytree(self.folder, where, dirs_exist_ok=True, ignore=shutil.ignore_patterns("redis-*", "*.sock"))
        for path in self.source.binlog_files():
            shutil.copy(path, where)

    def close(self):
        self.stack.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
