"""The Kafka sink against a real broker, read by other people's clients."""

import dataclasses
import json
import shutil
import time

import pytest
from confluent_kafka.admin import ConfigResource

from daemon import free_port
from kafka_server import PASSWORD, USER
from lib.http_target import Target
from lib.kafka import Reader, kcat, partition_of, read, values
from lib.one_sink import pipeline
from lib.sluice import WAIT_SECONDS, run
from server_tls import make_tls, sign


def configure(folder, server, database, brokers, *lines):
    return pipeline(folder, server, database, "sink: kafka", f"brokers: {brokers}", *lines, memory=None)


def test_every_change_arrives_in_order_with_its_key(server, database, kafka, sluice, tmp_path):
    server.sql(f"create table {database}.t (id int primary key, name varchar(20))")
    for i in range(100):
        server.sql(f"insert into {database}.t values ({i}, 'name {i}')")
    server.sql(f"update {database}.t set name = 'öß🙂' where id = 7; delete from {database}.t where id = 8")
    sluice("run", configure(tmp_path, server, database, kafka.brokers, 'key: "{key}"'))
    messages = read(kafka.brokers, f"{database}.t", 102)
    found = values(messages)
    assert [change["after"]["id"] for change in found[:100]] == list(range(100))
    assert (found[100]["op"], found[100]["after"]["name"]) == ("update", "öß🙂")
    assert (found[101]["op"], found[101]["before"]["id"]) == ("delete", 8)
    assert [message.key() for message in messages] == [b"%d" % i for i in [*range(100), 7, 8]]
    assert len({change["id"] for change in found}) == 102
    assert kcat(kafka.brokers, f"{database}.t", "%o %k") == [f"{n} {k}" for n, k in enumerate([*range(100), 7, 8])]


def test_messages_lie_where_java_puts_them(server, database, kafka, sluice, tmp_path):
    server.sql(f"create table {database}.t (id int primary key, name varchar(20))")
    kafka.create(f"{database}.t", 7)
    rows = ",".join(f"({i}, 'k{i}')" for i in range(500))
    server.sql(f"insert into {database}.t values {rows}")
    sluice("run", configure(tmp_path, server, database, kafka.brokers, 'key: "{column:name}"'))
    messages = read(kafka.brokers, f"{database}.t", 500)
    assert {m.partition() for m in messages} == set(range(7))
    wrong = [m.key() for m in messages if m.partition() != partition_of(m.key().decode(), 7)]
    assert not wrong


def test_wrong_settings_are_refused_with_the_librarys_words(server, database, kafka, tmp_path):
    for lines, words in [
        (["properties: [linger.ms=soon]"], 'linger.ms: Invalid value for configuration property'),
        (["properties: [no.such.thing=1]"], 'No such configuration property: "no.such.thing"'),
        (["properties: [linger.ms]"], "expected NAME=VALUE"),
        (["properties: [acks=1]"], "acks: what Sluice promises rests on it"),
        (["sasl: plain", "user: me"], "sasl needs a password"),
        (["tls_ca: ./ca.pem"], "say tls: verify-identity"),
        (["partitions: 3"], "say create_topics: true"),
        (['topic: "{nothing}"'], "{nothing}"),
    ]:
        done = run("check", configure(tmp_path, server, database, kafka.brokers, *lines), check=False)
        assert done.returncode == 2, lines
        assert words in done.stderr + done.stdout, (lines, done.stderr)
        assert "sluice.yaml:" in done.stderr + done.stdout


def test_debezium_messages_have_their_tombstones(server, database, kafka, sluice, tmp_path):
    server.sql(f"create table {database}.t (id int primary key); insert into {database}.t values (1), (2);"
               f"delete from {database}.t where id = 1; update {database}.t set id = 3 where id = 2")
    sluice("run", configure(tmp_path, server, database, kafka.brokers, "format: debezium", 'topic: "{database}.{table}"'))
    topic = next(t for t in wait_for_topics(kafka, database))
    messages = read(kafka.brokers, topic, 7)
    empty = [(m.value() is None, json.loads(m.key())) for m in messages]
    ids = [(none, key.get("payload", key)["id"]) for none, key in empty]
    assert ids == [(False, 1), (False, 2), (False, 1), (True, 1), (False, 2), (True, 2), (False, 3)]
    headers = [dict(m.headers() or []) for m in messages]
    assert set(headers[4]) == {"__debezium.newkey"} and set(headers[6]) == {"__debezium.oldkey"}
    assert not any(headers[:4])


def test_brokers_that_turn_connections_away_are_told_of_soon(server, database, sluice, tmp_path):
    begin = time.monotonic()
    port = free_port()
    process = sluice("run", configure(tmp_path, server, database, f"127.0.0.1:{port}"))
    process.wait_for_error(f"cannot connect at Kafka 127.0.0.1:{port}")
    assert time.monotonic() - begin < 20, "no sooner than the patience with those that are silent"
    assert "Connection refused" in process.stderr


def wait_for_topics(kafka, part):
    """Names of topics that contain `part`, once there are any."""
    admin = kafka.admin()
    end = time.monotonic() + WAIT_SECONDS
    while True:
        found = [name for name in admin.list_topics(timeout=WAIT_SECONDS).topics if part in name]
        if found:
            return found
        assert time.monotonic() < end, f"no topic with {part} in its name"
        time.sleep(0.1)


def test_partitions_are_fixed_or_hashed_as_told(server, database, kafka, sluice, tmp_path):
    server.sql(f"create table {database}.fixed (id int primary key); create table {database}.hashed (id int primary key)")
    for table in ("fixed", "hashed"):
        kafka.create(f"{database}.{table}", 5)
        server.sql(f"insert into {database}.{table} values " + ",".join(f"({i})" for i in range(100)))
    kafka.create(f"{database}.tied", 5)
    server.sql(f"create table {database}.tied (id int primary key)")
    for i in range(10):
        server.sql(f"insert into {database}.tied values ({10 * i}), ({10 * i + 1}), ({10 * i + 2})")
    sluice("run", configure(tmp_path, server, database, kafka.brokers, "partition_by: primary_key", "partition_hash: java",
                            "routes:", f'  f: {{tables: ["{database}.fixed"], partition_by: "3"}}',
                            f'  t: {{tables: ["{database}.tied"], partition_by: transaction_id}}'))
    assert {m.partition() for m in read(kafka.brokers, f"{database}.fixed", 100)} == {3}
    for message in read(kafka.brokers, f"{database}.hashed", 100):
        text = str(json.loads(message.value())["after"]["id"])
        java = 0
        for letter in text:
            java = (31 * java + ord(letter)) & 0xffffffff
        assert java < 1 << 31 and message.partition() == java % 5, text
    together = {}
    for message in read(kafka.brokers, f"{database}.tied", 30):
        together.setdefault(json.loads(message.value())["id"].partition("#")[0], []).append(message.partition())
    assert [len(found) for found in together.values()] == [3] * 10
    assert all(len(set(found)) == 1 for found in together.values()), together
    assert len({found[0] for found in together.values()}) > 1, together


def test_topics_are_created_as_told(server, database, kafka, sluice, tmp_path):
    server.sql(f"create table {database}.`it's ö` (id int primary key); insert into {database}.`it's ö` values (1)")
    sluice("run", configure(tmp_path, server, database, kafka.brokers, "create_topics: true", "partitions: 3",
                            "replication: 1", "topic_settings: [cleanup.policy=compact, retention.ms=1234567]",
                            'key: "{key}"'))
    topic = f"{database}.it_s__"
    read(kafka.brokers, topic, 1)
    admin = kafka.admin()
    assert len(admin.list_topics(topic, timeout=WAIT_SECONDS).topics[topic].partitions) == 3
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
    settings = admin.describe_configs([resource])[resource].result()
    assert (settings["cleanup.policy"].value, settings["retention.ms"].value) == ("compact", "1234567")


def test_a_missing_topic_is_waited_for_with_its_name(server, database, kafka, sluice, tmp_path):
    server.sql(f"create table {database}.t (id int primary key); insert into {database}.t values (1)")
    process = sluice("run", configure(tmp_path, server, database, kafka.brokers,
                                      "properties: [allow.auto.create.topics=false]"))
    process.wait_for_error(f"cannot use the topic '{database}.t' at Kafka {kafka.brokers}: there is no such topic")
    kafka.create(f"{database}.t")
    read(kafka.brokers, f"{database}.t", 1)
    process.wait_for_error("goes on")
    kafka.delete(f"{database}.t")
    server.sql(f"insert into {database}.t values (2)")
    process.wait_for_error("there is no such topic", timeout=60)
    assert process.terminate() == 0


def test_what_is_too_large_is_refused_and_nothing_else(server, database, kafka, sluice, tmp_path):
    """The topic takes less than the client sends: one large message fails the batch that it is in."""
    server.sql(f"create table {database}.t (id int primary key, note mediumtext)")
    kafka.create(f"{database}.t", 1, {"max.message.bytes": "20000"})
    with server.connect(autocommit=False, database=database) as connection, connection.cursor() as cursor:
        for i in range(200):
            size = 30_000 if i in (60, 150) else 5
            cursor.execute(f"insert into t values ({i}, repeat('x', {size}))")
        cursor.execute("commit")
    config = configure(tmp_path, server, database, kafka.brokers, "on_refusal: drop")
    process = sluice("run", config)
    found = values(read(kafka.brokers, f"{database}.t", 198, timeout=60))
    assert [c["after"]["id"] for c in found] == [i for i in range(200) if i not in (60, 150)]
    process.wait_for_error("left out 2 changes that the target refuses")
    assert "too large" in process.stderr
    server.sql(f"insert into {database}.t values (1000, repeat('y', 50000))")
    process.wait_for_error("left out 1 changes")
    assert process.terminate() == 0
    config.write_text(config.read_text().replace("drop", "stop").replace("./state", "./other"))
    other = sluice("run", config)
    assert other.wait() == 1
    assert "the target refuses the change" in other.stderr and "too large" in other.stderr


def test_the_position_does_not_pass_what_is_refused(server, database, kafka, sluice, tmp_path):
    """Exactly once: what is refused lies inside the transaction that would carry the position."""
    server.sql(f"create table {database}.t (id int primary key, note mediumtext)")
    kafka.create(f"{database}.t", 1, {"max.message.bytes": "20000"})
    server.sql(f"insert into {database}.t values (1, ''); insert into {database}.t values (2, repeat('x', 30000)); "
               f"insert into {database}.t values (3, '')")
    config = configure(tmp_path, server, database, kafka.brokers, f"transactional_id: {database}")
    for _ in range(2):  # neither its own state nor the target's lets the second start pass it over
        process = sluice("run", config)
        assert process.wait() == 1, process.stderr
        assert "the target refuses the change" in process.stderr and "too large" in process.stderr
    resource = ConfigResource(ConfigResource.Type.TOPIC, f"{database}.t", set_config={"max.message.bytes": "100000"})
    admin = kafka.admin()  # it ends with its last name
    admin.alter_configs([resource])[resource].result()
    shutil.rmtree(tmp_path / "state")
    process = sluice("run", config)
    found = values(read(kafka.brokers, f"{database}.t", 3, committed=True))
    assert [c["after"]["id"] for c in found] == [1, 2, 3]


def logins(tls, folder):
    trust = [f"tls_ca: {tls.ca}"]
    mine = [f"tls_cert: {tls.client_cert}", f"tls_key: {tls.client_key}"]
    return {
        "login": ["sasl: plain", f"user: {USER}", f"password: {PASSWORD}"],
        "login_tls": ["sasl: plain", f"user: {USER}", f"password: {PASSWORD}", "tls: verify-identity", *trust],
        "certificate": ["tls: verify-identity", *trust, *mine],
    }


@pytest.mark.parametrize("listener", ["login", "login_tls", "certificate"])
def test_logins(server, database, kafka, sluice, tmp_path, tls, listener):
    server.sql(f"create table {database}.t (id int primary key); insert into {database}.t values (1)")
    sluice("run", configure(tmp_path, server, database, kafka.address(listener), *logins(tls, tmp_path)[listener]))
    read(kafka.brokers, f"{database}.t", 1)


def test_logins_that_fail_say_why(server, database, kafka, sluice, tmp_path, tls):
    other = make_tls(tmp_path / "other")
    user = ["sasl: plain", f"user: {USER}"]
    for listener, lines, words in [
        ("login", [*user, "password: wrong-word"], "the login is refused"),
        ("login", ["sasl: scram-sha-256", f"user: {USER}", "password: secret-of-the-shop"],
         "in a way that Kafka 4.0 and newer refuse"),
        ("login_tls", [*user, f"password: {PASSWORD}", "tls: verify-identity", f"tls_ca: {other.ca}"],
         "name the PEM file of the authority that signed it in tls_ca"),
        ("certificate", ["tls: verify-identity", f"tls_ca: {tls.ca}"], "cannot connect at Kafka"),
        ("login_tls", [], "cannot connect at Kafka"),
    ]:
        process = sluice("run", configure(tmp_path, server, database, kafka.address(listener), *lines, "timeout: 3s"))
        process.wait_for_error(words)
        assert "wrong-word" not in process.stderr and PASSWORD not in process.stderr
        process.kill9()


@pytest.mark.parametrize("shown, names, days, words", [
    ("expired", "IP:127.0.0.1", -1, "certificate has expired; have it renewed"),
    ("other host", "DNS:elsewhere.example", 2, "IP address mismatch; name the host as its certificate does")])
def test_a_wrong_certificate_is_refused_for_its_reason(server, database, sluice, tmp_path, tls, shown, names, days, words):
    authority = make_tls(tmp_path / "authority")
    sign(tmp_path / "authority", shown, "/CN=Sluice test server", f"subjectAltName={names}", days)
    wrong = dataclasses.replace(authority, server_cert=tmp_path / f"authority/{shown}.pem", server_key=tmp_path / f"authority/{shown}-key.pem")
    with Target(tls=wrong) as broker:
        address = f"127.0.0.1:{broker.port}"
        process = sluice("run", configure(tmp_path, server, database, address, "tls: verify-identity", f"tls_ca: {authority.ca}", "timeout: 3s"))
        process.wait_for_error(f"the certificate of {address} is refused: {words}")


def test_exactly_once_goes_on_where_the_target_is(server, database, kafka, sluice, tmp_path):
    """The position is the target's: without the state folder nothing comes twice. One transaction is many batches."""
    server.sql(f"create table {database}.t (id int primary key, note varchar(500))")
    kafka.create(f"{database}.t")
    path = configure(tmp_path, server, database, kafka.brokers, f"transactional_id: {database}")
    path.write_text(path.read_text() + "memory: {batch_bytes: 4KiB}\n")
    count = 0
    for _ in range(3):
        rows = ",".join(f"({i}, repeat('x', 400))" for i in range(count, count + 500))
        server.sql(f"insert into {database}.t values {rows}; insert into {database}.t values ({count + 500}, '')")
        count += 501
        process = sluice("run", path)
        found = values(read(kafka.brokers, f"{database}.t", count, committed=True))
        assert [c["after"]["id"] for c in found] == list(range(count))
        process.kill9()
        shutil.rmtree(tmp_path / "state")


def test_a_second_program_of_the_same_transactional_id_takes_over(server, database, kafka, sluice, tmp_path):
    server.sql(f"create table {database}.t (id int primary key); insert into {database}.t values (1)")
    kafka.create(f"{database}.t")
    folders = [tmp_path / "first", tmp_path / "second"]
    programs = []
    for folder in folders:
        folder.mkdir()
        programs.append(sluice("run", configure(folder, server, database, kafka.brokers, f"transactional_id: {database}")))
        read(kafka.brokers, f"{database}.t", 1, committed=True)
        programs[-1].wait_for_error("reading ")
    server.sql(f"insert into {database}.t values (2)")
    programs[0].wait_for_error("was taken over by another program")
    assert programs[0].wait() == 1
    assert f"the transactional_id '{database}' was taken over by another program" in programs[0].stderr
    found = values(read(kafka.brokers, f"{database}.t", 2, committed=True))
    assert [c["after"]["id"] for c in found] == [1, 2]


@pytest.mark.parametrize("exactly_once", [False, True], ids=["at_least_once", "exactly_once"])
def test_debezium_heartbeats_and_transactions(server, database, kafka, sluice, tmp_path, exactly_once):
    """Heartbeats come while nothing is changed, and neither they nor the messages around a transaction move a position: after
    a kill everything goes on where it was. A table without a primary key has the key that its UNIQUE columns make."""
    server.sql(f"create table {database}.t (id int primary key); create table {database}.u (a int not null, b int, unique (a))")
    lines = ["format: debezium", f"name: {database}", 'topic: "{database}.{table}"', "heartbeat: 1s",
             "provide_transaction_metadata: true", "encode_threads: 3", *([f"transactional_id: {database}"] if exactly_once else [])]
    heartbeats = f"__debezium-heartbeat.{database}"
    for topic in ("t", "u", "transaction"):
        kafka.create(f"{database}.{topic}")
    kafka.create(heartbeats)
    path = configure(tmp_path, server, database, kafka.brokers, *lines)
    beats = Reader(kafka.brokers, heartbeats, committed=True)
    for run_number in (0, 1):
        first = 10 * run_number
        process = sluice("run", path)
        server.sql(f"begin; insert into {database}.t values ({first}), ({first + 1}); insert into {database}.u values ({first}, 5);"
                   f"update {database}.t set id = {first + 2} where id = {first}; commit")
        rows = read(kafka.brokers, f"{database}.t", 5 * (run_number + 1), committed=True)[-5:]  # one of them a tombstone
        ends = read(kafka.brokers, f"{database}.transaction", 2 * (run_number + 1), committed=True)[-2:]
        end = time.monotonic() + WAIT_SECONDS
        while len(beats.messages) < 3 * (run_number + 1):
            assert time.monotonic() < end, f"{len(beats.messages)} heartbeats"
            beats.read_more(0.3)
        process.kill9()
        begun, ended = values(ends)
        orders = [json.loads(m.value())["transaction"] for m in rows if m.value()]
        assert [(o["total_order"], o["data_collection_order"]) for o in orders] == [(1, 1), (2, 2), (4, 3), (5, 4)]
        assert {o["id"] for o in orders} == {begun["id"], ended["id"]} == {json.loads(m.key())["id"] for m in ends}
        assert (begun["status"], begun["event_count"], ended["status"], ended["event_count"]) == ("BEGIN", None, "END", 5)
        assert ended["data_collections"] == [{"data_collection": f"{database}.t", "event_count": 4},
                                             {"data_collection": f"{database}.u", "event_count": 1}]
    keyed = read(kafka.brokers, f"{database}.u", 2, committed=True)
    assert [json.loads(m.key()) for m in keyed] == [{"a": 0}, {"a": 10}]
    assert {m.key() for m in beats.messages} == {json.dumps({"serverName": database}, separators=(",", ":")).encode()}
    times = [value["ts_ms"] for value in values(beats.messages)]
    assert times == sorted(times) and all(later - earlier >= 900 for earlier, later in zip(times, times[1:]))
    beats.close()
