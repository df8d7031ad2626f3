"""The Kafka sink against a real broker, read by other people's clients."""

import subprocess

import pytest

from kafka_server import PASSWORD, USER
from lib.kafka import kcat, partition_of, read, values
from lib.sluice import run

KIND = "mysql-9.7"


@pytest.fixture
def server(shared, database):
    server = shared(KIND, full=True, gtid=True)
    server.sql(f"create database {database}")
    yield server
    server.sql(f"drop database if exists {database}")


def configure(folder, server, database, brokers, *lines):
    text = "\n".join(["name: k", "state: ./state", "source:", f"  url: {server.url}", "  start: earliest",
                      f'tables: ["{database}.*"]', "ddl: false", "sinks:", "  out:", "    sink: kafka",
                      f"    brokers: {brokers}", *(f"    {line}" for line in lines)])
    path = folder / "sluice.yaml"
    path.write_text(text + "\n")
    return path


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
