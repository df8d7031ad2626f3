"""Masks: no secret of a masked column stands in anything that the program writes or sends."""

import base64
import contextlib
import hmac
import json
import os
import resource
import signal
import sqlite3
import subprocess
import urllib.request

import pytest

from daemon import free_port
from lib.http_target import Target, reply
from lib.redis import Redis
from lib.sluice import BINARY, Sluice, run, until

KEY = "0123456789abcdef0123456789abcdef"
# What is planted, by the place where it is. Letters that no hexadecimal code has; the number is one of FF1's.
SECRETS = {place: f"Zqx{number:03}wvy{place}" for number, place in enumerate(
    ["oldkey", "newkey", "email", "family", "doc", "bytes", "note", "default", "comment", "where", "check", "prepared", "lost",
     "odd", "escaped", "member", "deep", "slash", "sjis"])} | {"phone": "40718263519", "card": "4929117264530081"}
SECRETS["escaped"] += '"ü'
MASKS = f"""
masks:
  key: {KEY}
  tags:
    names: ["*.family"]
  rules:
    - {{columns: ["shop.customers.id", "shop.lost.secret"], with: hash}}
    - {{columns: "*.email", with: email, domain: false}}
    - {{columns: "*.phone", with: phone}}
    - {{columns: "*.card", with: fpe}}
    - {{columns: "*.doc", with: drop}}
    - {{columns: "*.bytes", with: hash, encoding: base64url}}
    - {{columns: ["*.note", "*.added"], with: "null"}}
    - {{columns: "*.profile", paths: ["$.member", "$.list[*]"], with: hash}}
    - {{columns: "*.profile", paths: "$**.deep", with: name}}
    - {{columns: "*.born", with: shift, by: id, days: 90}}
    - {{tag: names, with: name}}
"""
TABLES = ("create database shop; create table shop.lost (id int primary key, secret text); "
          "create table shop.customers (id varchar(60) primary key, email varchar(90), phone varchar(30), family varchar(40), "
          "card bigint, doc json, bytes blob, note text, born date, profile json, unique(note))")
PROFILE = "json_object('city', 'Bonn', 'list', json_array({member}), 'member', {member}, 'a', json_array(json_object('deep', {deep})))"
# A schema change that is not understood: the columns of what follows are not known.
ODD = f"alter table shop.lost add column b int comment '{SECRETS['odd']}' first" + ", force" * 17_000


def quoted(secret):
    return "'" + secret.replace("'", "''") + "'"


def plant(server):
    s = {place: quoted(secret) for place, secret in SECRETS.items()}
    row = f"'{SECRETS['email']}@example.com', '+49 {SECRETS['phone']}', {s['family']}, {SECRETS['card']}"
    server.sql(
        f"use shop; insert into customers values ({s['oldkey']}, {row}, json_object('a', {s['doc']}), {s['bytes']}, {s['note']}, "
        f"'1984-03-02', {PROFILE.format(**s)}); update customers set id = {s['newkey']}, note = {s['escaped']} where note <> {s['where']}; "
        f"alter table customers add added varchar(60) default {s['default']} comment {s['comment']}, "
        f"add check (note <> {s['check']}); update customers set family = concat({s['family']}, '!'); "
        f"{ODD}; insert into lost values (1, 1, {s['lost']}); alter table lost add c int")
    connection = server.connect(database="shop")
    connection._execute_command(3, b"set names sjis")
    connection._read_query_result()
    # What only begins like a whole comment; and a character that ends in the byte of a backtick.
    for statement in (f"update customers /*/ it's */ set note = {s['slash']} where note is not null".encode(),
                      b"update customers as \x83\x60 set note = " + s["sjis"].encode() + b" where `note` <> ''"):
        connection._execute_command(3, statement)
        connection._read_query_result()
    connection._execute_command(3, b"set names utf8mb4")
    connection._read_query_result()
    with connection.cursor() as cursor:
        for statement in ("xa start 'x'", f"insert into customers (id, note) values ('xa', {s['prepared']})", "xa end 'x'", "xa prepare 'x'"):
            cursor.execute(statement)
    return connection


def spellings(secret):
    """The bytes that would give it away."""
    plain = secret.encode()
    yield "plain", plain
    for ascii_only in (True, False):
        text = json.dumps(secret, ensure_ascii=ascii_only)
        yield "json", text[1:-1].encode()
        yield "json in json", json.dumps(text, ensure_ascii=ascii_only)[3:-3].encode()
    yield "hex", plain.hex().encode()
    yield "HEX", plain.hex().upper().encode()
    yield "utf-16le", secret.encode("utf-16le")
    yield "utf-16be", secret.encode("utf-16be")
    if secret.isdigit():
        yield "packed", int(secret).to_bytes(8, "little")
    for shift in range(3):  # the characters that its bytes alone decide, at each place within a group of three
        text = base64.b64encode(b"\0" * shift + plain)
        whole = (shift + len(plain)) // 3 * 4
        yield f"base64 {shift}", text[4 if shift else 0:whole]


def found_in(name, data):
    return [(name, place, how) for place, secret in SECRETS.items() for how, spelling in spellings(secret) if spelling in data]


def found_below(folder):
    return [each for path in folder.rglob("*") if path.is_file() for each in found_in(str(path.relative_to(folder)), path.read_bytes())]


def configure(folder, server, redis, refusing, metrics, masks=MASKS):
    (folder / "sluice.yaml").write_text(f"""
name: masked
state: ./state
metrics: 127.0.0.1:{metrics}
source: {{url: "{server.url}"}}
tables: ["shop.*"]
{masks}
sinks:
  plain: {{sink: file, path: ./json.out, with: [source, tx, query]}}
  maxwell: {{sink: file, path: ./maxwell.out, format: maxwell, output_row_query: true, output_ddl: true}}
  debezium: {{sink: file, path: ./debezium.out, format: debezium, include_query: true}}
  sql: {{sink: file, path: ./sql.out, format: sql}}
  canal: {{sink: file, path: ./canal.out, format: canal}}
  keyed: {{sink: redis, url: "redis://127.0.0.1:{redis.port}/0", to: "s-{{column:id}}"}}
  refused: {{sink: http, url: "{refusing.url}", on_refusal: park, operations: [insert, update, delete]}}
  spilled: {{sink: http, url: "http://127.0.0.1:{free_port()}/", when_slow: spill}}
""")
    return folder / "sluice.yaml"


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def set_aside(folder):
    with contextlib.closing(sqlite3.connect(f"file:{folder}/state/state.db?mode=ro", uri=True)) as state:
        return state.execute("select count(*) from aside").fetchone()[0]


def inserts(folder):
    return sum(change["op"] == "insert" for change in lines(folder / "json.out"))


@pytest.fixture
def redis(tmp_path_factory):
    with Redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


def live(server, redis, folder, refusing, masks):
    """Plants the secrets under a pipeline that is killed then. What was found, and who holds the prepared transaction."""
    metrics, said = free_port(), []
    path = configure(folder, server, redis, refusing, metrics, masks)
    with Sluice("run", path, "--log-level", "debug") as process:
        process.wait_for_error("reading ")
        server.sql("insert into shop.lost values (0, null)")  # the first position that is saved is behind it
        until(lambda: inserts(folder) == 1, lambda: process.stderr)
        assert process.terminate() == 0
        said.append(process.stderr)
    prepared = plant(server)
    with Sluice("run", path, "--log-level", "debug") as process:
        until(lambda: (set_aside(folder) == 2 and len(lines(folder / "json.out")) >= 5
                       and list((folder / "state/prepared").glob("xa-*")) and redis.ask("keys", "s-*")
                       and "parked" in process.stderr), lambda: process.stderr)
        pages = [run("status", folder / "state", "--json").stdout, run("status", folder / "state").stdout,
                 urllib.request.urlopen(f"http://127.0.0.1:{metrics}/metrics").read().decode(),
                 run("dead", "list", folder / "state", "--json").stdout]
        process.kill9()
        said.append(process.stderr)
    assert any((folder / "state/spill").rglob("*")) and refusing.requests
    sent = b"".join(request.body + repr(request.headers).encode() for request in refusing.requests)
    found = found_below(folder) + found_below(redis.folder) + found_in("http", sent)
    return found + found_in("log", "".join(said).encode()) + found_in("pages", "".join(pages).encode()), prepared


@pytest.fixture
def server(start_server):
    server = start_server("mariadb-10.11", gtid=True)
    server.sql(TABLES)
    return server


@pytest.fixture
def refusing():
    with Target(decide=lambda request: reply(422, b"no")) as target:
        yield target


def test_no_secret_leaks(server, redis, refusing, tmp_path):
    leaks, prepared = live(server, redis, tmp_path, refusing, MASKS)
    assert leaks == []
    # What lies sealed comes out in another life, masked.
    with prepared.cursor() as cursor:
        cursor.execute("xa commit 'x'")
    path = tmp_path / "sluice.yaml"
    (tmp_path / "then.sql").write_text("create table shop.lost (b int, id int primary key, secret text);")
    run("schema", "repair", path, "--schema", tmp_path / "then.sql")
    with Sluice("run", path, "--log-level", "debug") as process:
        until(lambda: set_aside(tmp_path) == 0 and inserts(tmp_path) == 4,
              lambda: f"{set_aside(tmp_path)} set aside, {lines(tmp_path / 'json.out')}, {process.stderr}")
        assert process.terminate() == 0
        assert found_below(tmp_path) + found_in("log", process.stderr.encode()) == []
    changes = lines(tmp_path / "json.out")
    inserted = [change for change in changes if change["op"] == "insert"]
    first = inserted[1]["after"]
    assert first["phone"] == "+** *********19" and first["family"].endswith("***") and "doc" not in first
    assert "DB_ROW_HASH_1" not in first  # of the key over `note`, which is too long for an index
    assert sorted(change["table"] for change in inserted) == ["customers", "customers", "lost", "lost"]
    profile = json.loads(first["profile"])
    assert profile["city"] == "Bonn" and profile["list"] == [profile["member"]] and profile["a"][0]["deep"].endswith("***")
    update = next(change for change in changes if change["op"] == "update")
    assert update["before"]["id"] == first["id"] != update["after"]["id"] and len(update["after"]["id"]) == 64
    assert update["query"].startswith("update customers set id = ?, note = ?")


def test_the_search_finds_what_is_not_masked(server, redis, refusing, tmp_path):
    """The search itself can fail: without masks every secret is found."""
    found, _ = live(server, redis, tmp_path, refusing, "")
    assert {place for _, place, _ in found} == set(SECRETS)
    names = {name for name, *_ in found}
    assert {"http", "log", "json.out", "maxwell.out", "debezium.out", "canal.out", "sql.out"} <= names
    for folder in ("state/state.db", "state/prepared/", "state/spill/", "appendonlydir/"):
        assert any(name.startswith(folder) for name in names), (folder, names)


def test_parts_of_binary_documents(start_server, tmp_path):
    """MySQL's own form of JSON, and updates that carry only what changed within a document."""
    server = start_server("mysql-9.7", ["--binlog-row-value-options=PARTIAL_JSON", "--binlog-row-image=MINIMAL"], full=True)
    s = {place: quoted(secret) for place, secret in SECRETS.items()}
    server.sql("create database shop; create table shop.customers (id int primary key, profile json)")
    server.sql(f"use shop; insert into customers values (1, {PROFILE.format(**s)}); "
               f"update customers set profile = json_set(profile, '$.city', 'Rome', '$.member', {s['newkey']}); "
               f"update customers set profile = json_array_append(profile, '$.list', {s['card']}); "
               f"update customers set profile = json_set(profile, '$.a[0].deep', concat({s['family']}, repeat('!', 3))); "
               f"update customers set profile = json_object('member', cast(1.50 as decimal(4, 2)), 'deep', json_array(1, {s['note']}))")
    sinks = "".join(f"  {name}: {{sink: file, path: ./{name}.out, format: {name}}}\n" for name in ["json", "maxwell", "debezium", "canal", "csv"])
    masks = MASKS.replace('"$.list[*]"', '"$.list"')
    (tmp_path / "sluice.yaml").write_text(f"name: parts\nstate: ./state\nsource: {{url: '{server.url}', start: earliest}}\n"
                                          f"tables: ['shop.*']\n{masks}\nsinks:\n{sinks}")
    with Sluice("run", tmp_path / "sluice.yaml") as process:
        until(lambda: sum(change["op"] == "update" for change in lines(tmp_path / "json.out")) == 4, lambda: process.stderr)
        assert process.terminate() == 0
        assert found_below(tmp_path) + found_in("log", process.stderr.encode()) == []
    changes = [change for change in lines(tmp_path / "json.out") if change["op"] != "ddl"]
    profile = changes[0]["after"]["profile"]
    assert profile["city"] == "Bonn" and len(profile["list"]) == len(profile["member"]) == 64
    assert profile["a"] == [{"deep": "Z***"}]
    partial = {part["path"]: part["value"] for change in changes for part in change.get("patch", {}).get("profile", [])}
    assert partial.keys() == {"$.city", "$.member", "$.a[0].deep"}, changes
    assert partial["$.city"] == "Rome" and len(partial["$.member"]) == 64 and partial["$.a[0].deep"] == "Z***!!!"
    assert changes[4]["after"]["profile"]["deep"] == ["***", "Z***"]
    price = hmac.new(KEY.encode(), b"1.5", "sha256").hexdigest()
    assert changes[4]["after"]["profile"]["member"] == price


def test_a_masked_column_does_not_leave_its_mask_by_a_new_name(server, sluice, tmp_path):
    """Reading ends in front of the change of names, each time, until a rule knows the new one."""
    def configure(rules):
        (tmp_path / "sluice.yaml").write_text(
            f"name: m\nstate: ./state\nsource: {{url: '{server.url}', start: earliest}}\ntables: ['shop.customers']\n"
            f"masks:\n  key: {KEY}\n  rules:\n{rules}\nsinks:\n  out: {{sink: file, path: ./json.out}}\n")
        return tmp_path / "sluice.yaml"

    phone = "    - {columns: '*.phone', with: phone}\n    - {columns: '*.note', with: keep}\n"
    path = configure(phone)
    server.sql(f"use shop; insert into customers (id, phone) values (1, '{SECRETS['phone']}'); alter table customers add x int, "
               f"rename column phone to tel; insert into customers (id, tel) values (2, '{SECRETS['phone']}'); "
               f"alter table customers change tel note varchar(30), change note phone text; "
               f"insert into customers (id, note, phone) values (3, 'shown', '{SECRETS['phone']}')")
    for _ in range(2):
        done = run("run", path, check=False, timeout=30)
        assert done.returncode == 1, done.stderr
        assert f"shop.customers.phone, which {path}:8:7 masks, is called tel from here on, and no rule names that" in done.stderr
        assert [change["after"]["phone"] for change in lines(tmp_path / "json.out") if change["op"] == "insert"] == ["*********19"]
    path = configure(phone + "    - {columns: '*.tel', with: hash}")
    process = sluice("run", path)
    until(lambda: inserts(tmp_path) == 3, lambda: process.stderr)
    assert process.terminate() == 0
    assert found_below(tmp_path) == []
    assert lines(tmp_path / "json.out")[-1]["after"]["note"] == "shown"


def test_no_core_file_holds_memory(server, tmp_path):
    def dumps(masks):
        (tmp_path / "sluice.yaml").write_text(
            f'name: m\nstate: ./state\nsource: {{url: "{server.url}"}}\n{masks}\nsinks:\n  out: {{sink: file, path: ./out.jsonl}}\n')
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        with open(tmp_path / "said", "wb") as said:
            process = subprocess.Popen([BINARY, "run", "sluice.yaml"], cwd=tmp_path, stderr=said,
                                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, unlimited))
        until(lambda: b"reading " in (tmp_path / "said").read_bytes(), lambda: (tmp_path / "said").read_text())
        os.kill(process.pid, signal.SIGABRT)
        _, status = os.waitpid(process.pid, 0)
        process.returncode = -signal.SIGABRT
        return os.WCOREDUMP(status)

    assert dumps("")
    assert not dumps(MASKS)
