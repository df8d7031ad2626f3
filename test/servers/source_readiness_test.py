"""What a server or an account lacks: said before anything is read, with what mends it."""

import json
import re

import pytest

from lib.sluice import run

ALL_GRANTS = ["replication slave", "replication client", "select"]


@pytest.fixture
def account(shared, kind, database):
    """account(grants) -> URL of a user of a running server that has those grants only."""
    server = shared(kind)
    server.sql(f"create database {database}; create table {database}.t (id int primary key)")
    made = []

    def make(*grants, scope="*.*"):
        user = f"{database[:12]}{len(made)}"
        server.sql(f"create user {user}@localhost identified by 'g:h'")
        if grants:
            server.sql(f"grant {', '.join(grants)} on {scope} to {user}@localhost")
        made.append(user)
        return server.url_as(user, "g%3Ah")

    make.server = server
    yield make
    for user in made:
        server.sql(f"drop user {user}@localhost")


def tail(url, *more, check=False):
    return run("tail", url, "--until", "now", *more, check=check)


def findings(url, *more, faults=None):
    done = run("doctor", url, "--json", *more, check=False)
    result = [json.loads(line) for line in done.stdout.splitlines()]
    assert result, done.stderr
    assert done.returncode == (1 if any(f["grade"] == "fault" for f in result) else 0)
    if faults is not None:
        assert [f["what"] for f in result if f["grade"] == "fault"] == faults
    return result


def finding(result, words):
    found = [f for f in result if words in f["what"]]
    assert len(found) == 1, f"'{words}' in {json.dumps(result, indent=1)}"
    return found[0]


# Grants, each alone missing

def test_with_all_grants(account):
    url = account(*ALL_GRANTS)
    assert "reading " in tail(url, check=True).stderr
    findings(url, faults=[])


def test_without_replication_slave(account):
    url = account("replication client", "select")
    done = tail(url)
    assert done.returncode == 2
    assert "REPLICATION SLAVE" in done.stderr and "sluice doctor" in done.stderr
    missing = finding(findings(url, faults=["the grant REPLICATION SLAVE is missing"]), "REPLICATION SLAVE")
    mends(account.server, missing["mend"], url)


def test_without_replication_client(account):
    url = account("replication slave", "select")
    done = tail(url)
    assert done.returncode == 2
    name = "BINLOG MONITOR" if account.server.kind.flavour == "mariadb" else "REPLICATION CLIENT"
    assert name in done.stderr and "sluice doctor" in done.stderr
    missing = finding(findings(url, faults=[f"the grant {name} is missing"]), name)
    mends(account.server, missing["mend"], url)


def test_without_select(account, database):
    url = account("replication slave", "replication client")
    missing = finding(findings(url, faults=["the grant SELECT is missing"]), "SELECT")
    mends(account.server, missing["mend"], url)


def test_select_on_one_database_only(account, database):
    url = account("replication slave", "replication client")
    user = url.split("/")[2].split(":")[0]
    account.server.sql(f"grant select on {database}.* to {user}@localhost")
    narrow = finding(findings(url, faults=[]), "some tables only")
    assert (narrow["grade"], f"{database}.*" in narrow["what"]) == ("warning", True)


def mends(server, statement, url):
    """The statement that the doctor names makes the server readable."""
    assert statement.startswith("GRANT ")
    server.sql(statement)
    findings(url, faults=[])
    assert "reading " in tail(url, check=True).stderr


@pytest.mark.parametrize("kind", ["mysql-9.7", "mariadb-11.8"])
def test_grants_of_a_role(account, database):
    server, role = account.server, f"{database[:12]}r"
    url = account()
    user = url.split("/")[2].split(":")[0]
    server.sql(f"create role {role}; grant {', '.join(ALL_GRANTS)} on *.* to {role}; grant {role} to {user}@localhost")
    finding(findings(url), "the grant REPLICATION SLAVE is missing")  # a role that is not active gives nothing
    active = f"{role} to" if server.kind.flavour == "mysql" else f"{role} for"
    server.sql(f"set default role {active} {user}@localhost")
    findings(url, faults=[])
    server.sql(f"drop role {role}")


# The log

@pytest.mark.parametrize("kind", ["mariadb-10.11", "mariadb-11.8", "mysql-5.6"])
@pytest.mark.parametrize("form", ["STATEMENT", "MIXED"])
def test_a_log_of_statements(start_server, kind, form):
    server = start_server(kind, [f"--binlog-format={form}"])
    done = tail(server.url)
    assert done.returncode == 2
    assert f"binlog_format is {form}" in done.stderr and "SET GLOBAL binlog_format = 'ROW'" in done.stderr
    found = finding(findings(server.url, faults=[f"binlog_format is {form}"]), "binlog_format")
    server.sql(found["mend"].split(";")[0])
    findings(server.url, faults=[])
    tail(server.url, check=True)


def test_no_log(start_server, kind):
    server = start_server(kind, ["--skip-log-bin"])
    done = tail(server.url)
    assert done.returncode == 2
    assert "log_bin is OFF" in done.stderr and "log_bin=binlog" in done.stderr
    found = findings(server.url, faults=["the binary log is off (log_bin is OFF)"])
    assert "log_bin=binlog" in finding(found, "log_bin")["mend"]


@pytest.mark.parametrize("kind,option,words,grade", [
    ("mysql-9.7", "--binlog-row-image=MINIMAL", "binlog_row_image is MINIMAL", "warning"),
    ("mariadb-11.8", "--binlog-row-image=NOBLOB", "binlog_row_image is NOBLOB", "warning"),
    ("mysql-9.7", "--binlog-row-value-options=PARTIAL_JSON --binlog-row-image=MINIMAL", "binlog_row_value_options is PARTIAL_JSON",
     "warning"),
    ("mysql-9.7", "--binlog-row-metadata=MINIMAL", "binlog_row_metadata is MINIMAL", "warning"),
    ("mariadb-11.8", "--binlog-row-metadata=NO_LOG", "binlog_row_metadata is NO_LOG", "warning"),
    ("mariadb-11.8", "--expire-logs-days=0.5", "logs are kept for 12 hours", "warning"),
    ("mysql-9.7", "--binlog-expire-logs-seconds=3600", "logs are kept for 60 minutes", "warning"),
    ("mysql-9.7", "--gtid-mode=OFF", "transactions have no GTIDs (gtid_mode is OFF)", "warning"),
    ("mysql-5.6", "--expire-logs-days=3", "logs are kept for 3 days", "ok"),
    ("mysql-5.6", "--expire-logs-days=0", "kept until somebody purges", "ok"),
])
def test_settings(start_server, kind, option, words, grade):
    more = ["--enforce-gtid-consistency=OFF"] if "gtid" in option else []
    found = finding(findings(start_server(kind, [*option.split(), *more], full="metadata" not in option).url), words)
    assert found["grade"] == grade
    assert bool(found["mend"]) == (grade != "ok") and bool(found["why"]) == (grade != "ok")


@pytest.mark.parametrize("kind,options", [
    ("mysql-9.7", ["--binlog-row-value-options=PARTIAL_JSON", "--binlog-transaction-compression=ON"]),
    ("mariadb-11.8", ["--log-bin-compress=ON"]),
])
def test_settings_that_are_as_good_as_others(start_server, kind, options):
    found = findings(start_server(kind, options).url, faults=[])
    assert not [finding for finding in found if "JSON" in finding["what"] or "compress" in finding["what"]]


@pytest.mark.parametrize("kind", ["mariadb-11.8", "mysql-9.7"])
def test_how_long_the_oldest_log_is_kept(start_server, kind):
    server = start_server(kind, ["--binlog-expire-logs-seconds=864000"])
    assert "may be purged" not in finding(findings(server.url), "logs are kept for 10 days")["what"]
    server.sql("flush logs")
    # It was closed a moment ago.
    assert re.search("binlog.000001 may be purged in (9|10) days", finding(findings(server.url), "logs are kept for 10 days")["what"])


def test_tables_without_a_key(start_server, kind):
    server = start_server(kind)
    server.sql("create database shop; create table shop.a (id int primary key); create table shop.b (id int); "
               "create table shop.c (id int not null, unique (id)); create table shop.d (id int, unique (id))")
    assert finding(findings(server.url), "no primary key")["what"] == "2 of 4 tables have no primary key (shop.b, shop.d)"


# Our own id

@pytest.mark.parametrize("kind", ["mariadb-10.11", "mariadb-11.8", "mysql-9.7"])
def test_a_server_id_that_is_taken(start_server, sluice, kind):
    server = start_server(kind)
    first = sluice("tail", server.url, "--server-id", "7", "--heartbeat", "200ms")
    first.wait_for_error("reading ")
    second = tail(server.url, "--server-id", "7", "--heartbeat", "200ms")
    assert second.returncode == 1
    assert "the server_id 7 belongs to another replica" in second.stderr
    found = finding(findings(server.url, "--server-id", "7"), "our server_id 7")
    assert found["grade"] == "fault"
    own = tail(server.url, "--server-id", str(server.server_id))
    assert own.returncode == 2 and "belongs to the server itself" in own.stderr
    tail(server.url, "--server-id", "8", check=True)
    tail(server.url, check=True)
    server.sql("create database shop")
    assert first.changes(1)[0]["op"] == "ddl"  # nobody has thrown it out
    assert first.stderr.count("reading ") == 1


def test_a_server_id_is_free_again_at_once(start_server, sluice, kind):
    """A reader that was killed may stay listed until the server's next heartbeat to it fails."""
    server = start_server(kind)
    for _ in range(3):
        process = sluice("tail", server.url, "--server-id", "7", "--heartbeat", "500ms")
        process.wait_for_error("reading ")
        process.kill9()


@pytest.mark.parametrize("kind", ["mysql-5.6"])
def test_one_server_id_twice_does_no_harm(start_server, sluice, kind):
    """This version must not be asked for its replicas, which may crash it, and tells them apart by their UUIDs."""
    server = start_server(kind)
    assert finding(findings(server.url, "--server-id", "7"), "server_id 7 need not be free")["grade"] == "ok"
    readers = [sluice("tail", server.url, "--server-id", "7", "--heartbeat", "200ms") for _ in range(2)]
    for reader in readers:
        reader.wait_for_error("reading ")
    server.sql("create database shop")
    for reader in readers:
        assert reader.changes(1)[0]["op"] == "ddl"
        reader.quiet(1)
        assert reader.stderr.count("reading ") == 1


@pytest.mark.parametrize("kind", ["mysql-5.6"])
def test_the_doctor_leaves_nothing_behind_that_crashes_the_server(start_server, kind):
    server = start_server(kind)
    for _ in range(3):
        findings(server.url, faults=[])
    assert server.sql("show slave hosts") == []


# Clock and encryption

def test_the_doctor_for_people(shared, kind):
    done = run("doctor", shared(kind).url)
    assert "this server can be read" in done.stdout and "\nok " in done.stdout


@pytest.mark.parametrize("kind", ["mariadb-11.8", "mysql-9.7"])
def test_encryption_is_named(shared, kind, tls):
    url = shared(kind, (), tls=tls).url
    assert finding(findings(url), "the connection is encrypted")["grade"] == "ok"
    assert finding(findings(url, "--tls", "off"), "not encrypted")["grade"] == "ok"  # on this machine


def test_clocks_agree(shared, kind):
    assert finding(findings(shared(kind).url), "the clocks agree")["grade"] == "ok"


@pytest.mark.parametrize("kind", ["mariadb-11.8", "mysql-9.7"])
def test_a_replica_that_does_not_log(start_server, kind):
    server = start_server(kind, ["--log-slave-updates=OFF" if kind == "mariadb-11.8" else "--log-replica-updates=OFF"])
    server.sql("change master to master_host='127.0.0.1', master_port=1" if kind == "mariadb-11.8" else
               "change replication source to source_host='127.0.0.1', source_port=1")
    found = finding(findings(server.url), "does not log what it replays")
    assert found["grade"] == "fault" and "log_slave_updates=ON" in found["mend"]
