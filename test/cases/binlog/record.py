#!/usr/bin/env python3
"""Records the cases of this folder anew from real servers: test/cases/binlog/record.py [PART-OF-A-CASE'S-NAME…]

A case is a folder SERVER-WHAT: the log files that SERVER wrote while it ran sql/FILE.sql, schema.sql where the reader is told
the tables, expected.jsonl (every change, decoded by build/sluice_decode_probe), and expected.error where the log holds what
must stop the reader. No line is written down that the server does not bear out: after each statement the tables made of the
changes so far are compared, value by value, with what SELECT shows to another connection.
"""

import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "test/servers")]
from lib.server_word import Replay, Snapshot  # noqa: E402
from server import Server  # noqa: E402

PROBE = ROOT / "build/sluice_decode_probe"
MARIADB = ["mariadb-10.11", "mariadb-11.8"]
MYSQL = ["mysql-5.6", "mysql-9.7"]
ALL = MARIADB + MYSQL
# GTIDs are on unless told otherwise.
ANONYMOUS = ["--gtid-mode=OFF", "--enforce-gtid-consistency=OFF"]
SERVER_ID = "--server-id=101"
START = "-- the log begins here"
FAILS = "/* fails */"  # a statement that begins so may fail


class Case:
    """what: the folder's name behind the server's. schema: "log": the recording has its CREATE TABLE statements; "given": it
    begins behind them, and schema.sql has them; "none": it begins behind them, and nobody knows them. query: its lines show the
    statements. error: reading must stop. check: whether the server's word can be compared (not for logs without values)."""

    def __init__(self, what, sql, servers, options=(), *, full=False, gtid=False, schema="log", query=False, error=False,
                 check=True):
        self.what, self.sql, self.servers, self.options = what, sql, servers, list(options)
        self.full, self.gtid, self.schema, self.query = full, gtid, schema, query
        self.error, self.check = error, check


CASES = [
    Case("types", "types", ALL, full=True, gtid=True),
    Case("types-schema", "types", ALL, ["--binlog-checksum=NONE"], schema="given"),
    Case("types-bare", "types", ALL, schema="none"),
    Case("types-bare-minimal", "types", MARIADB[:1], ["--binlog-row-metadata=MINIMAL"], schema="none"),
    Case("old-temporals", "old_temporals", MARIADB, ["--mysql56-temporal-format=OFF"], full=True),
    Case("old-fractions", "old_fractions", MARIADB, ["--mysql56-temporal-format=OFF"]),
    Case("compressed-columns", "compressed_columns", MARIADB, full=True),
    Case("two-phase-alter", "two_phase_alter", MARIADB),
    Case("json", "json", ["mysql-9.7"], full=True, gtid=True),
    Case("own-types", "own_types", ["mariadb-11.8"], full=True),
    Case("own-types-minimal", "own_types", ["mariadb-11.8"], ["--binlog-row-metadata=MINIMAL"], schema="given"),
    Case("own-types", "own_types", ["mysql-9.7"], full=True),
    Case("charsets", "charsets", ALL, full=True),
    Case("charsets-minimal", "charsets", ["mariadb-10.11", "mysql-9.7"], ["--binlog-row-metadata=MINIMAL"], schema="given"),
    Case("learnt", "learnt", ALL, ["--character-set-server=latin1"]),
    Case("names", "names", ALL, full=True),
    Case("generated", "generated", MARIADB + ["mysql-9.7"], full=True),
    Case("version-1", "images", ["mysql-5.6"], ["--log-bin-use-v1-row-events=ON", "--binlog-row-image=MINIMAL"]),
    Case("image-full", "images", ALL, ["--binlog-row-image=FULL"], full=True),
    Case("image-minimal", "images", ALL, ["--binlog-row-image=MINIMAL"], full=True),
    Case("image-noblob", "images", ALL, ["--binlog-row-image=NOBLOB"], full=True),
    Case("transactions", "transactions", MARIADB, ["--binlog-annotate-row-events=ON"], full=True, query=True),
    Case("transactions", "transactions", MYSQL, ["--binlog-rows-query-log-events=ON"], full=True, gtid=True,
         query=True),
    Case("anonymous", "transactions", ["mysql-5.6"], ["--binlog-checksum=NONE"]),
    Case("anonymous", "transactions", ["mysql-9.7"], ["--binlog-checksum=NONE", *ANONYMOUS], full=True),
    Case("mixed", "mixed", MARIADB + ["mysql-5.6"], full=True),
    Case("mixed", "mixed", ["mysql-9.7"], ANONYMOUS, full=True),
    Case("tagged", "tagged", ["mysql-9.7"], full=True, gtid=True),
    Case("rotation", "rotation", ALL, full=True, gtid=True),
    Case("xa", "xa", ["mysql-5.6"]),  # logs it at its end, as any other transaction
    Case("xa", "xa", MARIADB + ["mysql-9.7"], full=True, gtid=True),
    Case("xa-anonymous", "xa", ["mysql-9.7"], [*ANONYMOUS, "--binlog-checksum=NONE"], full=True),
    Case("xa-payload", "xa", ["mysql-9.7"], ["--binlog-transaction-compression=ON"], full=True),
    Case("xa-compressed", "xa", MARIADB[:1], ["--log-bin-compress=ON", "--log-bin-compress-min-len=10",
                                              "--binlog-annotate-row-events=ON"]),
    Case("statement", "statement", MARIADB + ["mysql-5.6"], full=True, error=True, check=False),
    Case("statement-create", "statement_create", MARIADB + ["mysql-5.6"], full=True, error=True, check=False),
    Case("load-data", "load_data", ["mariadb-10.11", "mysql-5.6"], ["--binlog-format=STATEMENT"], full=True, error=True,
         check=False),
    Case("payload", "payload", ["mysql-9.7"], ["--binlog-transaction-compression=ON"], full=True, gtid=True),
    Case("payload-minimal", "payload", ["mysql-9.7"], ["--binlog-transaction-compression=ON", "--binlog-row-image=MINIMAL",
                                                       "--binlog-rows-query-log-events=ON", *ANONYMOUS]),
    Case("compressed", "compressed", MARIADB, ["--log-bin-compress=ON", "--log-bin-compress-min-len=10"], full=True),
    Case("compressed-minimal", "compressed", MARIADB, ["--log-bin-compress=ON", "--binlog-row-image=MINIMAL",
                                                       "--binlog-annotate-row-events=ON"]),
    Case("partial-json", "partial_json", ["mysql-9.7"], ["--binlog-row-value-options=PARTIAL_JSON"], full=True),
    Case("partial-json-minimal", "partial_json", ["mysql-9.7"],
         ["--binlog-row-value-options=PARTIAL_JSON", "--binlog-row-image=MINIMAL"], full=True, check=False),
]


def statements(text, server):
    """The statements of an .sql file for this server, with the line that marks the beginning of the log. `-- only: SERVER…`
    holds for the statement behind it."""
    wanted, lines = True, []
    for line in text.splitlines():
        if line == START:
            yield START
        elif line.startswith("-- only:"):
            wanted = any(server.startswith(name) for name in line.removeprefix("-- only:").split())
        elif line.startswith("--") or not line.strip() and not lines:
            continue
        else:
            lines.append(line)
            if line.endswith(";"):
                if wanted:
                    yield "\n".join(lines).removesuffix(";")
                wanted, lines = True, []
    assert not lines, f"a statement without its end: {lines}"


def record(case, server_name):
    folder = HERE / f"{server_name}-{case.what}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    known = "all"
    if case.schema == "none":
        known = "minimal" if server_name == "mysql-9.7" or "--binlog-row-metadata=MINIMAL" in case.options else "nothing"
    schema, steps, first = [], [], 0
    with Server(server_name, [*case.options, SERVER_ID], full=case.full, gtid=case.gtid) as server:
        # The reader's connection sees what is committed, in UTC.
        look = server.connect(conv={}, init_command="set time_zone = '+00:00', sql_mode = ''")
        run = server.connect(conv={})
        cursor = run.cursor()
        for statement in statements((HERE / "sql" / f"{case.sql}.sql").read_text(), server_name):
            if statement == START:
                if case.schema != "log":
                    cursor.execute("flush logs")
                    first = len(server.binlog_files()) - 1
                    steps.append((position(server, look), Snapshot(look, known), "the tables as they are"))
                continue
            try:
                cursor.execute(statement)
            except Exception as error:
                if not statement.startswith(FAILS):
                    raise RuntimeError(f"{statement}: {error}") from error
            if not steps and case.schema == "given" and statement.split()[0].lower() in ("create", "use"):
                schema.append(statement)
            if not schema and case.schema == "log" or steps:
                steps.append((position(server, look), Snapshot(look, known) if case.check else None, statement))
        cursor.execute("flush logs")  # a file in use has a flag that a finished one has not
        files = server.binlog_files()[first:-1]
        for file in files:
            shutil.copy(file, folder)
    if schema:
        (folder / "schema.sql").write_text("".join(f"{s};\n" for s in schema))
    expect(case, folder, steps)


def position(server, connection):
    newer = server.kind.name == "mysql-9.7"
    with connection.cursor() as cursor:
        cursor.execute("show binary log status" if newer else "show master status")
        file, offset = cursor.fetchone()[:2]
    return file, int(offset)


def expect(case, folder, steps):
    schema = ["--schema", folder / "schema.sql"] if (folder / "schema.sql").exists() else []
    options = [word for part in ["source", "tx"] + ["query"] * case.query for word in ("--with", part)]
    done = subprocess.run([PROBE, *schema, *options, folder], capture_output=True)
    (folder / "expected.jsonl").write_bytes(done.stdout)
    if case.error:
        assert done.returncode == 1, f"{folder.name} is read without a fault"
        (folder / "expected.error").write_text(error_of(done))
    else:
        assert done.returncode == 0, f"{folder.name}: {error_of(done)}"
    if case.check:
        replay = Replay(done.stdout.decode().splitlines(), case.schema != "none")
        for where, snapshot, statement in steps:
            replay.until(where, snapshot, f"{folder.name}: {statement}")
        assert replay.next == len(replay.lines), f"{folder.name}: changes behind the end: {replay.lines[replay.next:]}"
    size = sum(f.stat().st_size for f in folder.iterdir())
    print(f"{folder.name}: {done.stdout.count(10)} changes, {size} bytes" + (f", {error_of(done)}" if case.error else ""))


def error_of(done):
    """The fault alone, without the warnings that are logged before it."""
    return done.stderr.decode().splitlines()[-1] + "\n"


def main():
    wanted = sys.argv[1:]
    failed = 0
    for case in CASES:
        for server in case.servers:
            name = f"{server}-{case.what}"
            if wanted and not any(part in name for part in wanted):
                continue
            try:
                record(case, server)
            except Exception as error:  # the other cases can still be recorded
                failed += 1
                print(f"FAILED {name}: {type(error).__name__}: {str(error)[:3000]}", file=sys.stderr)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
