"""gh-ost and pt-online-schema-change: what both send to a server, statement by statement, with the rows of an application
between. Followed live with a log that names no columns, and read from its files."""

import json
import sqlite3
import textwrap
import time

import pytest

from lib.sluice import ROOT, WAIT_SECONDS, Sluice, run

KINDS = ["mysql-5.6", "mysql-9.7", "mariadb-10.11"]

START = """
create database shop; create table shop.orders (id int primary key auto_increment, who varchar(20), total int);
insert into shop.orders values (1, 'ann', 10), (2, 'bob', 20), (3, 'cy', 30)
"""

# gh-ost --alter="add column note varchar(9) after id, drop column total" --table=orders --checkpoint --execute
# (go/logic/applier.go, migrator.go). Every '|' stands for the application's next statement.
GH_OST = """
drop /* gh-ost */ table if exists `shop`.`_orders_gho`;
drop /* gh-ost */ table if exists `shop`.`_orders_del`;
drop /* gh-ost */ table if exists `shop`.`_orders_ghc`;
create /* gh-ost */ table `shop`.`_orders_ghc` (
  id bigint {unsigned} auto_increment, last_update timestamp not null DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  hint varchar(64) charset ascii not null, value varchar(4096) charset ascii not null,
  primary key(id), unique key hint_uidx(hint)) auto_increment=256 comment='gh-ost';
insert /* gh-ost */ into `shop`.`_orders_ghc` (id, hint, value) values (NULLIF(2, 0), 'state', 'Migrated')
  on duplicate key update last_update=NOW(), value=VALUES(value);
create /* gh-ost */ table `shop`.`_orders_gho` like `shop`.`orders`;
alter /* gh-ost */ table `shop`.`_orders_gho` add column note varchar(9) after id, drop column total;
create /* gh-ost */ table `shop`.`_orders_ghk` (
  `gh_ost_chk_id` bigint auto_increment primary key, `gh_ost_chk_timestamp` bigint, `gh_ost_chk_coords` text);
insert /* gh-ost */ into `shop`.`_orders_ghk` (`gh_ost_chk_timestamp`, `gh_ost_chk_coords`) values (unix_timestamp(now()), 'binlog.000001:4');
insert /* gh-ost */ into `shop`.`_orders_ghc` (id, hint, value) values (NULLIF(3, 0), 'state at 1', 'GhostTableMigrated')
  on duplicate key update last_update=NOW(), value=VALUES(value);
|
insert /* gh-ost `shop`.`orders` */ ignore into `shop`.`_orders_gho` (`id`, `who`)
  (select `id`, `who` from `shop`.`orders` force index (`PRIMARY`)
   where (((`id` > 0) or ((`id` = 0))) and ((`id` < 3) or ((`id` = 3)))) lock in share mode);
|
replace /* gh-ost `shop`.`_orders_gho` */ into `shop`.`_orders_gho` (`id`, `who`) values (4, 'dan');
update /* gh-ost `shop`.`_orders_gho` */ `shop`.`_orders_gho` set `id`=1, `who`='anna' where ((`id` = 1));
delete /* gh-ost `shop`.`_orders_gho` */ from `shop`.`_orders_gho` where ((`id` = 2));
create /* gh-ost */ table `shop`.`_orders_del` (id int auto_increment primary key) engine=InnoDB comment='ghost-cut-over-sentry';
|
drop /* gh-ost */ table if exists `shop`.`_orders_del`;
rename /* gh-ost */ table `shop`.`orders` to `shop`.`_orders_del`, `shop`.`_orders_gho` to `shop`.`orders`;
|
drop /* gh-ost */ table if exists `shop`.`_orders_ghc`;
drop /* gh-ost */ table if exists `shop`.`_orders_ghk`;
drop /* gh-ost */ table if exists `shop`.`_orders_del`
"""

# pt-online-schema-change --alter "add column note varchar(9) after id, drop column total" D=shop,t=orders --execute
PT_OSC = """
CREATE TABLE `shop`.`_orders_new` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `who` varchar(20) DEFAULT NULL,
  `total` int(11) DEFAULT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=4;
ALTER TABLE `shop`.`_orders_new` add column note varchar(9) after id, drop column total;
CREATE TRIGGER `shop`.`pt_osc_shop_orders_del` AFTER DELETE ON `shop`.`orders` FOR EACH ROW BEGIN
  DECLARE CONTINUE HANDLER FOR 1146 begin end; DELETE IGNORE FROM `shop`.`_orders_new` WHERE `shop`.`_orders_new`.`id` <=> OLD.`id`; END;
CREATE TRIGGER `shop`.`pt_osc_shop_orders_upd` AFTER UPDATE ON `shop`.`orders` FOR EACH ROW BEGIN
  DECLARE CONTINUE HANDLER FOR 1146 begin end;
  DELETE IGNORE FROM `shop`.`_orders_new` WHERE !(OLD.`id` <=> NEW.`id`) AND `shop`.`_orders_new`.`id` <=> OLD.`id`;
  REPLACE INTO `shop`.`_orders_new` (`id`, `who`) VALUES (NEW.`id`, NEW.`who`); END;
CREATE TRIGGER `shop`.`pt_osc_shop_orders_ins` AFTER INSERT ON `shop`.`orders` FOR EACH ROW BEGIN
  DECLARE CONTINUE HANDLER FOR 1146 begin end; REPLACE INTO `shop`.`_orders_new` (`id`, `who`) VALUES (NEW.`id`, NEW.`who`); END;
|
INSERT LOW_PRIORITY IGNORE INTO `shop`.`_orders_new` (`id`, `who`) SELECT `id`, `who` FROM `shop`.`orders`
  LOCK IN SHARE MODE /*pt-online-schema-change 4711 copy table*/;
|
|
ANALYZE TABLE `shop`.`_orders_new` /* pt-online-schema-change */;
RENAME TABLE `shop`.`orders` TO `shop`.`_orders_old`, `shop`.`_orders_new` TO `shop`.`orders`;
|
DROP TABLE IF EXISTS `shop`.`_orders_old`;
DROP TRIGGER IF EXISTS `shop`.`pt_osc_shop_orders_del`;
DROP TRIGGER IF EXISTS `shop`.`pt_osc_shop_orders_upd`;
DROP TRIGGER IF EXISTS `shop`.`pt_osc_shop_orders_ins`
"""

APPLICATION = [
    "insert into shop.orders values (4, 'dan', 40)",
    "update shop.orders set who = 'anna' where id = 1",
    "delete from shop.orders where id = 2",
    "insert into shop.orders (id, who, note) values (5, 'eve', 'new')",
]
CHANGES = [
    ("insert", "orders", {"id": 4, "who": "dan", "total": 40}),
    ("update", "orders", {"id": 1, "who": "anna", "total": 10}),
    ("delete", "orders", None),
    ("ddl", "orders", None),
    ("insert", "orders", {"id": 5, "note": "new", "who": "eve"}),
]


def perform(server, text):
    """Statement by statement; the application's at every '|'."""
    application = iter(APPLICATION)
    for part in text.split("|"):
        with server.connect() as connection, connection.cursor() as cursor:
            if part.strip(" ;\n"):
                cursor.execute(part.strip(" ;\n"))
                while cursor.nextset():
                    pass
            for statement in [next(application, None)]:
                if statement:
                    cursor.execute(statement)


def seen(lines):
    return [(change["op"], change.get("table"), change.get("after")) for change in map(json.loads, lines)]


def script(name, kind):
    return GH_OST.format(unsigned="" if "maria" in kind else "unsigned") if name == "gh-ost" else PT_OSC


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tool", ["gh-ost", "pt-osc"])
def test_one_schema_change_and_every_row_once(start_server, sluice, tool, kind):
    server = start_server(kind)
    server.sql(START)
    process = sluice("tail", server.url, "--tables", "shop.*")
    process.wait_for_error("reading ")
    perform(server, script(tool, kind))
    assert seen(process.lines(len(CHANGES))) == CHANGES
    process.quiet(0.5)
    assert "taken for a helper table" in process.stderr
    # The whole log from its files, which begins with the CREATE TABLE and three rows.
    lines = run("decode", *server.binlog_files(), "--tables", "shop.*").stdout.splitlines()
    found = [change for change in seen(lines) if change[0] != "ddl" or change[1]]
    assert [change for change in found if change[0] != "ddl"][3:] == [c for c in CHANGES if c[0] != "ddl"]
    assert sum(change[0] == "ddl" for change in found) == 2  # the table's CREATE and the cut-over
    final = dict(server.sql("select id, who from shop.orders"))
    assert final == {1: "anna", 3: "cy", 4: "dan", 5: "eve"}


@pytest.mark.parametrize("tool", ["gh-ost", "pt-osc"])
def test_a_setting_shows_them(start_server, sluice, tool):
    server = start_server("mariadb-10.11")
    server.sql(START)
    process = sluice("tail", server.url, "--tables", "shop.*", "--helper-tables", "--no-ddl")
    process.wait_for_error("reading ")
    perform(server, script(tool, "mariadb-10.11"))
    tables = set()
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        change = json.loads(process.line())
        tables.add(change["table"])
        if change["table"] == "orders" and change["op"] == "insert" and change["after"]["id"] == 5:
            break
    assert tables == ({"orders", "_orders_gho", "_orders_ghc", "_orders_ghk"} if tool == "gh-ost" else {"orders", "_orders_new"})


def test_one_that_is_named_is_shown(start_server, sluice):
    server = start_server("mariadb-10.11")
    server.sql(START + "; create table shop._orders_old (id int primary key)")
    process = sluice("tail", server.url, "--tables", "shop.*,shop._orders_old", "--no-ddl")
    process.wait_for_error("reading ")
    server.sql("insert into shop._orders_old values (1)")
    assert process.changes(1)[0]["table"] == "_orders_old"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tool", ["gh-ost", "pt-osc"])
def test_stopped_in_between_and_after_each_statement(start_server, tmp_path, tool, kind):
    """The pipeline is started for each statement anew: what the catalogue learnt of the helpers is in the state."""
    server = start_server(kind)
    server.sql(START)
    (tmp_path / "sluice.yaml").write_text(textwrap.dedent(f"""
        state: ./state
        source: {{url: "{server.url}"}}
        tables: ["shop.*"]
        sinks: {{out: {{sink: file, path: ./out.jsonl}}}}
        """))

    def read_on():
        end = server.binlog_position()
        with Sluice("run", tmp_path / "sluice.yaml") as process:
            process.wait_for_error("reading ")
            patience = time.monotonic() + WAIT_SECONDS
            while position() != end:
                assert time.monotonic() < patience and process.process.poll() is None, process.stderr
                time.sleep(0.02)
            assert process.terminate() == 0, process.stderr

    def position():
        path = tmp_path / "state" / "state.db"
        if not path.exists():
            return None
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as state:
            try:
                return state.execute("select file, offset from positions where lane = ''").fetchone()
            except sqlite3.OperationalError:
                return None

    read_on()
    application = iter(APPLICATION)
    for part in script(tool, kind).split("|"):
        if part.strip(" ;\n"):
            server.sql(part.strip(" ;\n"))
        read_on()
        statement = next(application, None)
        if statement:
            server.sql(statement)
            read_on()
    assert seen((tmp_path / "out.jsonl").read_text().splitlines()) == CHANGES


@pytest.mark.parametrize("kind", ["mariadb-10.11", "mysql-5.6"])
def test_a_real_run_of_pt_online_schema_change(kind):
    """Its log, recorded while an application wrote to the table (test/cases/online_change/record.py): every change that the
    application committed, once and in its order, under the columns of its time."""
    case = ROOT / f"test/cases/online_change/{kind}-pt-osc"
    committed = [tuple(change) for change in json.loads((case / "application.json").read_text())]
    done = run("decode", case / "binlog.000001", "--tables", "shop.orders")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    cut = [at for at, change in enumerate(lines) if change["op"] == "ddl"]
    assert len(cut) == 2, "the table's CREATE and the cut-over"
    rows = [change for change in lines if change["op"] != "ddl"]
    first = next(at for at, change in enumerate(rows) if change["op"] != "insert" or "total" in change["after"]
                 and change["after"]["total"] is None)
    assert [(change["op"], change["key"]["id"], (change.get("after") or {}).get("who")) for change in rows[first:]] == committed
    image = [change.get("after") or change["before"] for change in lines if change["op"] != "ddl"]
    before = cut[1] - 1  # rows in front of the cut-over, behind the CREATE
    assert 0 < before - first < len(committed) and before > 200, "the application wrote before and behind the cut-over"
    assert {tuple(row) for row in image[:before]} == {("id", "who", "total")}
    assert {tuple(row) for row in image[before:]} == {("id", "note", "who")}
    assert "_orders_new: taken for a helper table" in run("decode", case / "binlog.000001", "--tables", "shop.*").stderr
