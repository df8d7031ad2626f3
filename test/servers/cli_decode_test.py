"""`decode` and `doctor` as an operator uses them."""

import json
import os
import pty
import subprocess
import threading
import time

import pytest

from lib.sluice import BINARY, ROOT, WAIT_SECONDS, run

CASES = ROOT / "test/cases/binlog_file"


def changes(*arguments, **more):
    return [json.loads(line) for line in run("decode", *arguments, **more).stdout.splitlines()]


@pytest.mark.parametrize("kind", ["mariadb-10.11", "mysql-5.6", "mysql-9.7"])
def test_the_order_is_the_same_however_many_jobs_there_are(kind):
    alone = run("decode", "--jobs", "1", "--batch-bytes", "4096", CASES / kind).stdout
    assert alone
    for jobs in ("2", "7"):
        assert run("decode", "--jobs", jobs, "--batch-bytes", "4096", CASES / kind).stdout == alone
    assert run("decode", CASES / kind).stdout == alone


def test_names_come_from_a_file_or_a_server_where_the_log_has_none(start_server, tmp_path):
    server = start_server("mysql-5.6")
    server.sql("create database shop; create table shop.t (id int primary key, name varchar(20)); flush logs; "
               "insert into shop.t values (1, 'one')")
    log = server.binlog_files()[-1]
    unnamed = run("decode", log)
    assert json.loads(unnamed.stdout)["after"] == {"@1": 1, "@2": "one"}
    assert unnamed.stderr.count("shop.t") == 1  # one warning
    schema = tmp_path / "shop.sql"
    schema.write_text("USE shop;\nCREATE TABLE t (id int primary key, name varchar(20));\n")
    named = {"id": 1, "name": "one"}
    assert [c["after"] for c in changes(log, "--schema", schema)] == [named]
    assert [c["after"] for c in changes(log, "--schema-from", server.url)] == [named]
    schema.write_text("CREATE TABLE shop.t (id int, );")
    wrong = run("decode", log, "--schema", schema, check=False)
    assert wrong.returncode == 2
    assert "shop.sql" in wrong.stderr


@pytest.mark.parametrize("arguments, code, message", [
    (["/nowhere/binlog.000001"], 2, "/nowhere/binlog.000001"),
    ([str(ROOT / "CMakeLists.txt")], 2, "CMakeLists.txt"),
    ([str(CASES / "mysql-9.7"), "--schema", "/nowhere.sql"], 2, "cannot read /nowhere.sql: No such file or directory"),
    ([str(CASES / "mysql-9.7"), "--schema-from", "mysql://root:@127.0.0.1:1/"], 1, "root@127.0.0.1:1"),
    ([str(CASES / "mysql-9.7"), "--tables", "/(/"], 2, "no regular expression"),
])
def test_what_cannot_be_read_is_named(arguments, code, message):
    done = run("decode", *arguments, check=False)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr


def drain(terminal, into):
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:
            return
        if not part:
            return
        into.append(part)


@pytest.mark.parametrize("stdout_is_terminal", [False, True])
def test_progress_is_shown_beside_the_lines_never_among_them(tmp_path, stdout_is_terminal):
    path = CASES / "mysql-9.7/binlog.000001"
    log = path.read_bytes()
    ours, theirs = pty.openpty()
    with open(tmp_path / "out", "wb") as out:
        process = subprocess.Popen([str(BINARY), "decode", "-"], stdin=subprocess.PIPE, stderr=theirs,
                                   stdout=theirs if stdout_is_terminal else out)
        os.close(theirs)
        shown = []
        reader = threading.Thread(target=drain, args=[ours, shown], daemon=True)
        reader.start()
        process.stdin.write(log[:len(log) // 2])
        process.stdin.flush()
        time.sleep(0.7)
        process.stdin.write(log[len(log) // 2:])
        process.stdin.close()
        assert process.wait(WAIT_SECONDS) == 0
    reader.join(WAIT_SECONDS)
    os.close(ours)
    assert (b"MB/s" in b"".join(shown)) != stdout_is_terminal
    if not stdout_is_terminal:
        assert (tmp_path / "out").read_text() == run("decode", "--no-progress", path).stdout


def test_doctor_says_what_is_wrong_and_ends_with_1(start_server, tmp_path):
    server = start_server("mariadb-10.11", ["--binlog-format=STATEMENT"])
    sick = run("doctor", server.url, check=False)
    assert sick.returncode == 1
    assert "STATEMENT" in sick.stdout and "fault" in sick.stdout and "\x1b" not in sick.stdout
    findings = [json.loads(line) for line in run("doctor", server.url, "--json", check=False).stdout.splitlines()]
    assert all(set(finding) == {"grade", "what", "why", "mend"} for finding in findings)
    fault = next(finding for finding in findings if finding["grade"] == "fault" and "STATEMENT" in finding["what"])
    assert fault["mend"]
    config = tmp_path / "sluice.yaml"
    config.write_text(f"source: {{url: '{server.url}'}}\nsinks: {{out: {{sink: console}}}}\n")
    again = run("doctor", config, "--json", check=False).stdout
    grades = [finding["grade"] for finding in findings]
    assert [json.loads(line)["grade"] for line in again.splitlines()] == grades
    assert f", {grades.count('fault')} fault" in sick.stdout
    server.restart(["--log-bin=binlog", "--binlog-format=ROW", "--binlog-row-metadata=FULL"])
    well = run("doctor", server.url)
    assert "0 faults: this server can be read" in well.stdout


def test_doctor_without_a_server_fails():
    done = run("doctor", "mysql://root:@127.0.0.1:1/", check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "root@127.0.0.1:1" in done.stderr
