"""Events that only a real server writes as it does: encrypted logs, rows of a file that was loaded."""

import copy
import json

import pytest
from server_kinds import KINDS

from lib.sluice import run


@pytest.mark.parametrize("kind", ["mariadb-10.11", "mariadb-11.8"])
def test_encrypted_by_mariadb(start_server, database, tmp_path, kind):
    keys = tmp_path / "keys"
    keys.write_text("1;a7addd9adea9978fda19f21e6be987880e68ac92632ca052e5bb42b1a506939a\n")
    keys.chmod(0o644)
    server = start_server(kind, ["--plugin-load-add=file_key_management", f"--file-key-management-filename={keys}",
                                 "--encrypt-binlog=ON"], full=True, gtid=True)
    server.sql(f"create database {database}; create table {database}.t (id int primary key); insert into {database}.t "
               f"values (1), (2); flush logs; insert into {database}.t values (3)")
    file, offset = server.binlog_position()
    for start in ("start", f"{server.binlog_files()[1].name}:4"):
        done = run("tail", server.url, "--from", start, "--until", f"{file}:{offset}", "--tables", f"{database}.*", "--no-ddl")
        assert [json.loads(line)["after"]["id"] for line in done.stdout.splitlines()] == ([1, 2, 3] if start == "start" else [3])
    done = run("decode", server.binlog_files()[0], check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "START_ENCRYPTION event at binlog.000001:256: the file is encrypted from here on" in done.stderr


def with_keyring(folder):
    """MySQL 9.7 with a key in a file, and its options. The server looks for the list of its components beside its program,
    and for their settings beside their libraries."""
    kind = copy.copy(KINDS["mysql-9.7"])
    libraries = folder / "plugin"
    libraries.mkdir()
    (libraries / "component_keyring_file.so").symlink_to(kind.home / "usr/lib/mysql/plugin/component_keyring_file.so")
    (libraries / "component_keyring_file.cnf").write_text(json.dumps({"path": str(folder / "keys"), "read_only": False}))
    program = folder / "mysqld"
    program.symlink_to(kind.program())
    (folder / "mysqld.my").write_text(json.dumps({"components": "file://component_keyring_file"}))
    kind.program = lambda: program
    return kind, [f"--plugin-dir={libraries}", "--binlog-encryption=ON"]


@pytest.mark.parametrize("compressed", [False, True])
def test_encrypted_by_mysql(start_server, database, tmp_path, compressed):
    kind, options = with_keyring(tmp_path)
    server = start_server(kind, [*options, f"--binlog-transaction-compression={'ON' if compressed else 'OFF'}"], full=True, gtid=True)
    server.sql(f"create database {database}; create table {database}.t (id int primary key, note text); insert into {database}.t "
               f"values (1, repeat('clear', 100)), (2, null); flush logs; insert into {database}.t values (3, 'clear')")
    for log in server.binlog_files():
        assert log.read_bytes()[:4] == b"\xfdbin", "it was not encrypted"
    file, offset = server.binlog_position()
    for start, ids in (("start", [1, 2, 3]), (f"{server.binlog_files()[1].name}:4", [3])):
        done = run("tail", server.url, "--from", start, "--until", f"{file}:{offset}", "--tables", f"{database}.*", "--no-ddl")
        assert [json.loads(line)["after"]["id"] for line in done.stdout.splitlines()] == ids
    done = run("decode", server.binlog_files()[0], check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "is encrypted (binlog_encryption)" in done.stderr


@pytest.mark.parametrize("kind", ["mariadb-10.11", "mariadb-11.8", "mysql-5.6", "mysql-9.7"])
def test_load_data_is_rows(start_server, database, tmp_path, kind):
    server = start_server(kind, ["--local-infile=ON"], full=kind != "mysql-5.6")
    server.sql(f"create database {database}; create table {database}.t (id int primary key, line varchar(20))")
    file = tmp_path / "lines"
    file.write_text("".join(f"{n}\tline {n}\n" for n in range(1000)))
    with server.connect(database=database, local_infile=True, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(f"load data local infile '{file}' into table t")
    name, offset = server.binlog_position()
    done = run("tail", server.url, "--from", "start", "--until", f"{name}:{offset}", "--tables", f"{database}.*", "--no-ddl")
    assert [json.loads(line)["after"] for line in done.stdout.splitlines()] == [
        {"id": n, "line": f"line {n}"} for n in range(1000)]
