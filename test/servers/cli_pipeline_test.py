"""A pipeline in the foreground and in the background: signals, the state folder, status, where the password comes from."""

import contextlib
import json
import os
import pathlib
import pty
import shutil
import signal
import sqlite3
import subprocess
import textwrap
import time

import pytest

from lib.sluice import BINARY, WAIT_SECONDS, run, until

PASSWORD = "g e#h/e@i:m"


@pytest.fixture
def server(shared):
    return shared("mariadb-10.11", full=True, gtid=True)


@pytest.fixture
def table(server, database):
    server.sql(f"create database {database}; create table {database}.t (id int primary key)")
    return f"{database}.t"


@pytest.fixture
def account(server, database):
    """A user with a password full of letters that mean something elsewhere."""
    user = database[:16]
    server.sql(f"create user {user}@localhost identified by '{PASSWORD}'; "
               f"grant all on *.* to {user}@localhost")
    yield user
    server.sql(f"drop user {user}@localhost")


def configure(folder, url, table, more=""):
    path = folder / "sluice.yaml"
    path.write_text(textwrap.dedent(f"""
        name: test
        state: ./state
        source:
          url: {url}
        tables: ["{table}"]
        sinks:
          out:
            sink: file
            path: ./out.jsonl
        """) + more)
    return path


def ids(folder):
    path = folder / "out.jsonl"
    return [json.loads(line)["after"]["id"] for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def stop_after(tmp_path):
    yield
    run("stop", tmp_path / "state", check=False)


def alive(pid):
    """Whether the process runs; one that has ended may stand in the list until somebody asks for its exit code."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


# In the foreground

@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_everything_saved(server, table, sluice, tmp_path, number):
    config = configure(tmp_path, server.url, table)
    for first in (1, 11):
        process = sluice("run", config)
        process.wait_for_error("reading ")
        for i in range(first, first + 10):
            server.sql(f"insert into {table} values ({i})")
        until(lambda: len(ids(tmp_path)) == first + 9, "the rows")
        process.signal(signal.SIGHUP)  # harmless
        process.signal(number)
        assert process.wait() == 0
        assert "everything delivered is saved" in process.stderr
    assert ids(tmp_path) == list(range(1, 21))


def test_one_request_may_come_as_two_signals(server, table, sluice, tmp_path):
    config = configure(tmp_path, server.url, table)
    for _ in range(5):
        process = sluice("run", config)
        process.wait_for_error("reading ")
        process.signal(signal.SIGTERM)  # as timeout(1) does it: to its child, then to the group
        process.signal(signal.SIGINT)
        assert process.wait() == 0, process.stderr
        assert "ends at once" not in process.stderr


def test_a_second_signal_ends_it_at_once(server, table, tmp_path):
    values = ", ".join(f"({i})" for i in range(20000))
    server.sql(f"insert into {table} values {values}")
    argv = [str(BINARY), "tail", server.url, "--from", "start", "--tables", table]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.readline()  # the pipe is full now, and nobody reads on
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        assert process.poll() is None  # the delivery in hand has some patience with its reader
        process.send_signal(signal.SIGINT)
        assert process.wait(2) == 128 + signal.SIGINT
        assert "ends at once" in process.stderr.read()


def test_one_process_has_a_state_folder(server, table, sluice, tmp_path):
    config = configure(tmp_path, server.url, table)
    first = sluice("run", config)
    first.wait_for_error("reading ")
    second = run("run", config, check=False)
    assert second.returncode == 1
    assert str(first.process.pid) in second.stderr
    assert run("status", config).stdout.startswith(f"pipeline   test, pid {first.process.pid}, since ")
    assert first.terminate() == 0
    assert not (tmp_path / "state/control.sock").exists()


def test_tail_ends_quietly_with_its_reader(server, table):
    server.sql(f"insert into {table} values (1), (2), (3)")
    piped = subprocess.run(["bash", "-c", f"set -o pipefail; {BINARY} tail {server.url} --from start --tables {table} | head -2"],
                           capture_output=True, text=True, timeout=WAIT_SECONDS)
    assert piped.returncode == 0, piped.stderr
    assert len(piped.stdout.splitlines()) == 2
    assert "sluice tail:" not in piped.stderr


def test_a_pattern_that_fits_no_table_is_told(server, table, sluice):
    database = table.split(".")[0]
    process = sluice("tail", server.url, "--tables", f"{table},{database}.tt,{database}.x*,!{database}.y*")
    process.wait_for_error("reading ")
    process.wait_for_error(f"no table known so far fits '{database}.tt' (did you mean '{table}'?)")
    process.wait_for_error(f"no table known so far fits '{database}.x*'")
    assert f"'{table}'; one" not in process.stderr and ".y*" not in process.stderr
    server.sql(f"create table {database}.xyz (id int primary key); insert into {database}.xyz values (7)")
    assert [c["op"] for c in process.changes(2)] == ["ddl", "insert"]


def test_a_closed_stdout_is_a_failure_and_nothing_else_gets_the_lines(server, table, tmp_path):
    server.sql(f"insert into {table} values (1)")
    config = configure(tmp_path, server.url, table)
    config.write_text(config.read_text().replace("sink: file", "sink: console").replace("path: ./out.jsonl", "")
                      .replace("tables:", "  start: earliest\ntables:"))
    for command in (f"tail {server.url} --from start --tables {table}", f"run {config}"):
        done = subprocess.run(["bash", "-c", f"exec {BINARY} {command} >&-"], stderr=subprocess.PIPE, text=True,
                              timeout=WAIT_SECONDS)
        assert done.returncode == 1, done.stderr
        assert "cannot write to stdout: Bad file descriptor" in done.stderr


def test_tail_does_not_wait_for_a_server_that_is_not_there():
    done = run("tail", "mysql://root:@127.0.0.1:1/", check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "root@127.0.0.1:1" in done.stderr


def test_tail_ends_where_it_is_told(server, table):
    server.sql(f"insert into {table} values (1); insert into {table} values (2)")
    file, position = server.binlog_position()
    server.sql(f"insert into {table} values (3); insert into {table} values (4)")
    tail = ["tail", server.url, "--from", "start", "--no-ddl", "--tables", table]
    keys = lambda *more: [json.loads(line)["key"]["id"] for line in run(*tail, *more).stdout.splitlines()]  # noqa: E731
    assert keys("--until", "now") == [1, 2, 3, 4]
    assert keys("--until", f"{file}:{position}") == [1, 2]
    gtids = [json.loads(line)["id"].split("#")[0] for line in run(*tail, "--until", "now").stdout.splitlines()]
    assert keys("--until", gtids[2]) == [1, 2, 3]
    assert keys("--until", "now", "--from", gtids[0]) == [2, 3, 4]


def test_tail_ends_at_a_time(server, table):
    server.sql(f"insert into {table} values (1); insert into {table} values (2)")
    time.sleep(1.1)  # the log knows whole seconds
    then = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
    server.sql(f"insert into {table} values (3)")
    time.sleep(2.5)  # long gone: that alone must not end it before all until then was read
    tail = ["tail", server.url, "--from", "start", "--no-ddl", "--tables", table]
    keys = lambda *more: [json.loads(line)["key"]["id"] for line in run(*tail, *more).stdout.splitlines()]  # noqa: E731
    assert keys("--until", then) == [1, 2]
    soon = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + 2))
    assert keys("--until", soon) == [1, 2, 3]  # nothing more comes: it ends by the clock


def test_status_knows_when_all_is_read(server, table, sluice, tmp_path):
    config = configure(tmp_path, server.url, table)
    sluice("run", config).wait_for_error("reading ")
    server.sql(f"insert into {table} values (1)")
    until(lambda: ids(tmp_path) == [1], "the row")
    for _ in range(12):
        time.sleep(0.25)
        source = json.loads(run("status", config, "--json").stdout)["source"]
        assert (source["idle"], source["seconds_behind"]) == (True, 0)
    assert ", all read" in run("status", config).stdout


@pytest.mark.parametrize("ddl, ops", [("ddl: true", ["ddl", "insert"]), ("ddl: false", ["insert"]), ("", ["ddl", "insert"])])
def test_schema_changes_can_be_switched_off(server, table, sluice, tmp_path, ddl, ops):
    process = sluice("run", configure(tmp_path, server.url, table, ddl))
    process.wait_for_error("reading ")
    server.sql(f"alter table {table} add column name varchar(20); insert into {table} values (1, 'pear')")
    changes = lambda: [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]  # noqa: E731
    until(lambda: len(changes()) == len(ops), "the changes")
    assert process.terminate() == 0
    assert [change["op"] for change in changes()] == ops
    assert changes()[-1]["after"] == {"id": 1, "name": "pear"}  # what is not delivered is followed all the same


# The password

def command_line(pid):
    return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def escaped(text):
    return "".join(c if c.isalnum() else f"%{ord(c):02x}" for c in text)


def test_the_password_in_a_url_is_hidden_from_ps_and_logs(server, account, table, sluice):
    secret = escaped(PASSWORD)
    process = sluice("tail", f"mysql://{account}:{secret}@127.0.0.1:{server.port}/", "--tables", table)
    process.wait_for_error("reading ")
    shown = command_line(process.process.pid)
    assert f"mysql://{account}@127.0.0.1:{server.port}/" in shown
    server.sql(f"insert into {table} values (1)")
    assert process.changes(1)[0]["after"] == {"id": 1}
    assert process.terminate() == 0
    for text in (shown, process.stderr):
        assert secret not in text and PASSWORD not in text


@pytest.mark.parametrize("way", ["SLUICE_PASSWORD", "MYSQL_PWD", "file", "prompt"])
def test_the_password_comes_from_elsewhere(server, account, tmp_path, way):
    arguments = ["tail", f"mysql://{account}@127.0.0.1:{server.port}/", "--until", "now"]
    if way == "prompt":
        shown = answer_prompt([str(BINARY), *arguments], PASSWORD)
        assert f"Password of {account}@127.0.0.1:{server.port}" in shown
        assert PASSWORD not in shown
        assert "Access denied" not in shown
        return
    env = {} if way == "file" else {way: PASSWORD}
    if way == "file":
        (tmp_path / "password").write_text(PASSWORD + "\n")
        arguments += ["--password-file", str(tmp_path / "password")]
    run(*arguments, env=env)


def answer_prompt(argv, answer):
    """Runs argv on a terminal of its own, and types the answer once it asks. Fails unless it ends with 0."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(argv[0], argv)
    shown = b""
    asked = False
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:
            break
        if not part:
            break
        shown += part
        if not asked and b": " in shown:
            asked = True
            os.write(terminal, answer.encode() + b"\n")
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, shown.decode()
    return shown.decode()


def test_a_wrong_password_is_refused_without_showing_it(server, account):
    done = run("tail", f"mysql://{account}:falsch-geheim@127.0.0.1:{server.port}/", check=False)
    assert done.returncode in (1, 2)
    assert "Access denied" in done.stderr
    assert "falsch-geheim" not in done.stderr


# In the background

def test_start_status_restart_stop(server, table, tmp_path, stop_after):
    config = configure(tmp_path, server.url, table)
    assert run("status", config, check=False).returncode == 2  # the folder is not there yet
    started = run("start", config)
    assert "started with pid " in started.stdout and "not connected" not in started.stdout
    pid = int((tmp_path / "state/sluice.pid").read_text())
    server.sql(f"insert into {table} values (1), (2)")
    until(lambda: ids(tmp_path) == [1, 2], "the rows")

    status = json.loads(run("status", config, "--json").stdout)
    assert (status["name"], status["pid"], status["changes"]) == ("test", pid, 2)
    assert status["source"]["connected"] is True
    assert [sink["name"] for sink in status["sinks"]] == ["out"]
    assert "connected, server" in run("status", tmp_path / "state").stdout

    again = run("start", config, check=False)
    assert again.returncode == 1
    assert f"it runs already, with pid {pid}" in again.stderr

    os.rename(tmp_path / "state/sluice.log", tmp_path / "state/old.log")
    os.kill(pid, signal.SIGHUP)
    until((tmp_path / "state/sluice.log").exists, "a new log file")

    assert run("restart", config).stdout.startswith("stopped\nstarted with pid ")
    other = int((tmp_path / "state/sluice.pid").read_text())
    assert other != pid and not alive(pid)
    server.sql(f"insert into {table} values (3)")
    until(lambda: ids(tmp_path) == [1, 2, 3], "the row after the restart")

    assert run("stop", config).stdout == "stopped\n"
    assert not alive(other)
    assert not (tmp_path / "state/sluice.pid").exists()
    assert run("stop", config).stdout.startswith("nothing runs in ")
    nothing = run("status", config, check=False)
    assert (nothing.returncode, nothing.stderr) == (1, "")


def test_text_that_its_character_set_does_not_know_is_told(server, table, sluice, tmp_path):
    config = configure(tmp_path, server.url, table)
    server.sql(f"alter table {table} add column name varchar(20) charset gbk")
    process = sluice("run", config)
    process.wait_for_error("reading ")
    server.sql(f"insert into {table} values (1, 'pear')")
    until(lambda: ids(tmp_path) == [1], "the first row")
    assert json.loads(run("status", config, "--json").stdout)["source"]["invalid_bytes"] == 0
    assert "character set" not in run("status", config).stdout
    # A code of GBK's user-defined area.
    server.sql(f"insert into {table} values (2, x'aaa1'), (3, x'61aaa162')")
    until(lambda: ids(tmp_path) == [1, 2, 3], "the other rows")
    last = json.loads((tmp_path / "out.jsonl").read_text().splitlines()[-1])
    assert last["after"]["name"] == "a\udcaa\udca1b"
    assert json.loads(run("status", config, "--json").stdout)["source"]["invalid_bytes"] == 4
    assert "4 bytes of text unknown to their character set" in run("status", config).stdout
    process.wait_for_error(f"text of {table} has bytes that its column's character set does not know")
    assert process.stderr.count("character set") == 1
    assert process.terminate() == 0


def test_a_number_without_a_label_is_told(shared, database, sluice, tmp_path):
    server, table = shared("mariadb-10.11", gtid=True), f"{database}.t"  # whose log names no members
    config = configure(tmp_path, server.url, table)
    server.sql(f"create database {database}; "
               f"create table {table} (id int primary key, size enum('s', 'm'), tags set('new', 'sale'))")
    process = sluice("run", config)
    process.wait_for_error("reading ")
    server.sql(f"insert into {table} values (1, 'm', 'new,sale')")
    until(lambda: ids(tmp_path) == [1], "the first row")
    assert json.loads(run("status", config, "--json").stdout)["source"]["invalid_labels"] == 0
    # What is no member becomes 0; and members that the log says nothing of.
    server.sql("set sql_mode = ''; insert into {0} values (2, 'xl', 'sale'); set sql_log_bin = 0; "
               "alter table {0} modify size enum('s', 'm', 'l'), modify tags set('new', 'sale', 'last'); set sql_log_bin = 1; "
               "insert into {0} values (3, 'l', 'new'), (4, 's', 'last')".format(table))
    until(lambda: ids(tmp_path) == [1, 2, 3, 4], "the other rows")
    rows = [json.loads(line)["after"] for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [(row["size"], row["tags"]) for row in rows[1:]] == [("", "sale"), (3, "new"), ("s", 4)]
    assert json.loads(run("status", config, "--json").stdout)["source"]["invalid_labels"] == 3
    assert "3 ENUM and SET values without a label" in run("status", config).stdout
    process.wait_for_error(f"an ENUM or SET of {table} holds a number that has no label there")
    assert process.stderr.count("no label there") == 2  # the log's table id changed with the ALTER
    assert process.terminate() == 0


def test_restart_keeps_the_options_of_the_start(server, table, tmp_path, stop_after):
    config = configure(tmp_path, server.url, table)
    assert run("restart", config, check=False).returncode == 2
    run("start", "sluice.yaml", "--log", "my.log", cwd=tmp_path)
    assert "test starts" in (tmp_path / "my.log").read_text()
    (tmp_path / "my.log").write_text("")
    run("restart", os.path.relpath(tmp_path / "state", tmp_path.parent), cwd=tmp_path.parent)
    assert "test starts" in (tmp_path / "my.log").read_text()

    pid = (tmp_path / "state/sluice.pid").read_text()
    config.write_text("nonsense: yes\n")
    refused = run("restart", tmp_path / "state", check=False)
    assert refused.returncode == 2 and "nonsense" in refused.stderr
    assert (tmp_path / "state/sluice.pid").read_text() == pid  # what ran still runs
    assert run("status", tmp_path / "state").returncode == 0


def test_start_says_why_it_failed(server, account, table, tmp_path):
    config = configure(tmp_path, f"mysql://{account}:falsch@127.0.0.1:{server.port}/", table)
    failed = run("start", config, check=False)
    assert failed.returncode in (1, 2)
    assert "Access denied" in failed.stderr
    assert "Access denied" in (tmp_path / "state/sluice.log").read_text()
    assert run("status", config, check=False).returncode == 1


def test_start_waits_for_a_server_that_comes_later(table, tmp_path, stop_after):
    config = configure(tmp_path, "mysql://root:@127.0.0.1:1/", table)
    started = run("start", config, "--timeout", "1s")
    assert "not connected yet, it goes on trying: " in started.stdout
    status = run("status", config).stdout
    assert "not connected" in status
    assert run("stop", config).stdout == "stopped\n"


def newer(state):
    with contextlib.closing(sqlite3.connect(state / "state.db")) as database:
        database.execute("pragma user_version = 99")


def damaged(state):
    (state / "state.db").write_bytes(b"x" * 5000)


def no_folder(state):
    shutil.rmtree(state)
    state.write_text("")


def no_file(state):
    (state / "state.db").mkdir()


@pytest.mark.parametrize("spoil, words", [(newer, ["state.db", "newer version", "form 99"]), (damaged, ["state.db", "is damaged"]),
                                          (no_folder, ["the state folder", "state: Not a directory"]),
                                          (no_file, ["cannot open", "state.db"])])
def test_a_state_folder_that_cannot_be_used_is_named(tmp_path, stop_after, spoil, words):
    """No server is asked: there is none at this address."""
    config = configure(tmp_path, "mysql://root:@127.0.0.1:1/", "shop.t")
    (tmp_path / "state").mkdir()
    spoil(tmp_path / "state")
    for verb in ("run", "start"):
        done = run(verb, config, check=False)
        assert done.returncode in (1, 2) and done.stdout == ""
        for word in words:
            assert word in done.stderr


def test_a_long_folder_name_has_a_control_socket_too(server, table, sluice, tmp_path):
    folder = tmp_path / ("long-" * 30)
    folder.mkdir()
    process = sluice("run", configure(folder, server.url, table))
    process.wait_for_error("reading ")
    assert run("status", folder / "state").returncode == 0
    assert run("stop", folder / "state").stdout == "stopped\n"
    assert process.wait() == 0
