"""The formats avro and protobuf with a schema registry, read by the registry's own client library."""

import datetime
import decimal
import json
import time

import pytest

from lib.kafka import read
from lib.http_target import Target, reply
from lib.one_sink import pipeline
from lib.registry import Registry, avro_reader, protobuf_reader
from lib.sluice import WAIT_SECONDS, run, until


COLUMNS = """id bigint unsigned primary key, price decimal(20,4), small tinyint, `no-name` int unsigned, f float, d double, b bit(5),
 day date, at datetime(3), stamp timestamp(6) null, t time(2), y year, body json, raw varbinary(20), kind enum('a','b'),
 some set('x','y'), g geometry, text varchar(50) character set utf8mb4"""
ROW = """(18446744073709551615, -1234567890123456.7891, -128, 4294967295, 0.5, -2.25, b'10101', '0000-00-00', '2026-01-15 10:30:00.125',
 '2026-01-15 10:30:00.000001', '-838:59:59.00', 2026, '{"a": 1.5}', x'00ff', 'b', 'x,y', st_geomfromtext('POINT(1 2)', 4326), 'Grüße 🙂')"""
SEEN = {"id": decimal.Decimal(18446744073709551615), "price": decimal.Decimal("-1234567890123456.7891"), "small": -128,
        "no_name": 4294967295, "f": 0.5, "d": -2.25, "b": 21, "day": "0000-00-00", "at": "2026-01-15 10:30:00.125",
        "stamp": "2026-01-15T10:30:00.000001Z", "t": "-838:59:59.00", "y": 2026, "body": '{"a":1.5}', "raw": b"\x00\xff", "kind": "b",
        "some": "x,y", "text": "Grüße 🙂"}


@pytest.fixture(params=["small", "Apicurio"])
def registry(request):
    """Ours, which tells what it was asked, and one as people have it."""
    if request.param == "Apicurio":
        yield request.getfixturevalue("apicurio")
        return
    with Registry() as small:
        yield small


def configure(folder, server, database, *lines):
    return pipeline(folder, server, database, *lines, ddl=True, memory=None)


def test_avro_in_kafka_is_read_by_confluents_library(server, database, kafka, registry, sluice, tmp_path):
    table = f"{database}.t"
    server.sql(f"set time_zone = '+00:00'; set sql_mode = ''; create table {table} ({COLUMNS}); insert into {table} values {ROW};"
               f"alter table {table} add more int not null default 7 first; insert into {table} (id) values (1);"
               f"update {table} set more = 8, text = null where id = 1; delete from {table} where id = 1")
    sluice("run", configure(tmp_path, server, database, "sink: kafka", f"brokers: {kafka.brokers}", "format: avro",
                            f"registry: {registry.url}"))
    messages = read(kafka.brokers, table, 6)
    decode = avro_reader(registry.url)
    found = [decode(message.value()) for message in messages]
    assert [each["op"] for each in found] == ["ddl", "insert", "ddl", "insert", "update", "delete"]
    first = found[1]
    geometry = first["after"].pop("g")
    assert first["after"] == SEEN
    assert geometry["srid"] == 4326 and len(geometry["wkb"]) == 21
    assert (first["db"], first["table"], first["before"], first["statement"]) == (database, "t", None, None)
    assert isinstance(first["ts"], datetime.datetime) and first["id"].endswith("#0")
    assert found[2]["statement"].startswith("alter table") and found[2]["after"] is None
    assert (found[4]["before"]["more"], found[4]["after"]["more"], found[4]["after"]["text"]) == (7, 8, None)
    assert (found[5]["before"]["id"], found[5]["after"]) == (decimal.Decimal(1), None)
    keys = [message.key() and decode(message.key()) for message in messages]
    assert keys == [None, {"id": decimal.Decimal(18446744073709551615)}, None, *[{"id": decimal.Decimal(1)}] * 3]
    # The database was made on a topic of its own. Two versions of the table, two of the schema; each was asked for once.
    assert {name for name in registry.names() if name.startswith(database)} == {f"{database}.-value", f"{table}-value", f"{table}-key"}
    assert len(registry.versions(f"{table}-value")) == 2 and len(registry.versions(f"{table}-key")) == 1
    if isinstance(registry, Registry):
        assert len([r for r in registry.requests if r.method == "POST"]) == 4
    row = json.loads(registry.schema(f"{table}-value"))["fields"][5]["type"][1]
    assert row["fields"][4] == {"name": "no_name", "type": ["null", "long"], "default": None, "doc": "no-name"}


def test_protobuf_in_kafka_is_read_by_googles_library(server, database, kafka, registry, sluice, tmp_path):
    table = f"{database}.t"
    server.sql(f"set time_zone = '+00:00'; set sql_mode = ''; create table {table} ({COLUMNS}); insert into {table} values {ROW};"
               f"insert into {table} (id) values (1); delete from {table} where id = 1")
    sluice("run", configure(tmp_path, server, database, "sink: kafka", f"brokers: {kafka.brokers}", "format: protobuf",
                            f"registry: {registry.url}", "subject: topic_record_name"))
    messages = read(kafka.brokers, table, 4)
    decode, decode_key = (protobuf_reader(registry.schema(f"{table}-{database}.t.{name}"), f"{database}.t.{name}", tmp_path)
                          for name in ("Change", "Key"))
    found = [decode(message.value()) for message in messages]
    assert [each.op for each in found] == ["ddl", "insert", "insert", "delete"]
    row = found[1].after
    exact = {**SEEN, "id": 18446744073709551615, "price": "-1234567890123456.7891"}
    assert {name: getattr(row, name) for name in exact} == exact
    assert (row.g.srid, len(row.g.wkb), found[1].HasField("before"), found[1].db) == (4326, 21, False, database)
    assert found[2].after.id == 1 and not found[2].after.HasField("price")
    assert found[3].before.id == 1 and not found[3].HasField("after")
    assert [decode_key(message.key()).id for message in messages[1:]] == [18446744073709551615, 1, 1]


def test_a_registry_that_is_away_or_refuses(server, database, sluice, tmp_path):
    """Away, silent, talking nonsense: all wait, in order. A schema that is refused is its table's trouble alone, and goes out when
    somebody has it tried again, by another process."""
    server.sql(f"create table {database}.a (id int primary key); create table {database}.b (id int primary key);"
               f"insert into {database}.a values (1); insert into {database}.b values (1); insert into {database}.a values (2)")
    faults = [reply(500, b"down"), reply(200, b'{"id":"7"}'), reply(200, b"{" + b" " * 100_000), b"nonsense\r\n\r\n", reply(401, b"who are you")]
    closed = [True]

    def decide(subject, schema):
        if faults:
            return faults.pop(0)
        if closed[0] and f"{database}.b" in subject:
            return reply(409, b'{"error_code":409,"message":"Schema being registered is incompatible"}')

    def arrived(count):
        end = time.monotonic() + WAIT_SECONDS
        while len(target.taken()) < count:
            assert time.monotonic() < end, process.stderr
            time.sleep(0.02)
        return [(each["table"], each["op"]) for each in (decode(request.body) for request in target.taken())]

    with Registry(faults=decide) as registry, Target() as target:
        decode = avro_reader(registry.url)
        path = configure(tmp_path, server, database, "sink: http", f"url: '{target.url}/{{database}}.{{table}}'", "format: avro", "on_refusal: park",
                         f"registry: [http://127.0.0.1:1, {registry.url}]", "subject: record_name", "registry_user: me",
                         "registry_password: planted-secret")
        process = sluice("run", path, cwd=tmp_path)
        assert arrived(4) == [(None, "ddl"), ("a", "ddl"), ("a", "insert"), ("a", "insert")]
        assert not faults and all(r.headers["authorization"].startswith("Basic ") for r in registry.requests if r.method == "POST")
        process.wait_for_error("incompatible")
        assert process.terminate() == 0
        listed = run("dead", "list", tmp_path / "state").stdout
        assert listed.count("refused: schema registry") == 2 and "409" in listed, listed
        closed[0] = False
        said = process.stderr
        process = sluice("run", path, cwd=tmp_path)
        process.wait_for_error("goes on at")
        run("dead", "retry", tmp_path / "state")
        assert arrived(6)[4:] == [("b", "ddl"), ("b", "insert")]
        assert "planted-secret" not in said + process.stderr + listed


@pytest.mark.parametrize("register", ["true", "false"])
def test_what_stands_before_the_registry_judges_no_schema(server, database, sluice, tmp_path, register):
    """A proxy's 400, 404 and 409 are of every schema alike, and pass; were they refusals, `drop` would lose the changes. Retry-After is kept to."""
    server.sql(f"create table {database}.a (id int primary key); insert into {database}.a values (1)")
    page = b"<html>\xff no such page</html>"
    faults = [reply(400, page), reply(404, page), reply(409, page), reply(405), reply(308, Location="/"), reply(503, b"", Retry_After="2")]
    asked = []

    def decide(subject, schema):
        asked.append(time.monotonic())
        return faults.pop(0) if faults else None

    with Registry(faults=decide) as registry, Target() as target:
        schemas = tmp_path / "first"
        if register == "false":  # by another pipeline, before
            schemas.mkdir()
            early, faults[:] = list(faults), []
            sluice("run", configure(schemas, server, database, "sink: http", f"url: '{target.url}/{{table}}'", "format: avro",
                                    "subject: record_name", f"registry: {registry.url}"), cwd=schemas)
            until(lambda: len(target.taken()) == 3)
            target.requests.clear()
            faults[:] = early
            asked.clear()
        process = sluice("run", configure(tmp_path, server, database, "sink: http", f"url: '{target.url}/{{table}}'", "format: avro", "on_refusal: drop",
                                          "subject: record_name", f"registry: {registry.url}", f"register: {register}"), cwd=tmp_path)
        until(lambda: len(target.taken()) == 3, what=lambda: process.stderr)
        assert not faults and asked[6] - asked[5] >= 2, asked
        for words in ("the answer is 400", "the answer is 404", "the answer is 409", "the answer is 405", "look at registry"):
            assert words in process.stderr, process.stderr


def test_a_schema_that_the_registrys_rules_forbid_is_refused_until_they_allow_it(server, database, apicurio, sluice, tmp_path):
    """By a real registry's own judgement: what is there first has a field that Sluice's schema does not give to its readers."""
    server.sql(f"create table {database}.a (id int primary key); create table {database}.b (id int primary key);"
               f"insert into {database}.a values (1); insert into {database}.b values (1)")
    other = {"type": "record", "name": "Change", "namespace": f"{database}.b", "fields": [{"name": "needed", "type": "long"}]}
    subject = f"/config/{database}.b.Change"
    apicurio.ask("POST", f"/subjects/{database}.b.Change/versions", {"schema": json.dumps(other)})
    apicurio.ask("PUT", subject, {"compatibility": "FORWARD"})
    with Target() as target:
        decode = avro_reader(apicurio.url)
        process = sluice("run", configure(tmp_path, server, database, "sink: http", f"url: '{target.url}/{{table}}'", "format: avro", "on_refusal: park",
                                              "subject: record_name", f"registry: {apicurio.url}"), cwd=tmp_path)

        def arrived():
            return [(each["table"], each["op"]) for each in (decode(request.body) for request in target.taken())]

        until(lambda: arrived() == [(None, "ddl"), ("a", "ddl"), ("a", "insert")], lambda: process.stderr)
        until(lambda: run("dead", "list", tmp_path / "state", check=False).stdout.count("refused: schema registry") == 2, lambda: process.stderr)
        assert "409" in run("dead", "list", tmp_path / "state").stdout
        apicurio.ask("PUT", subject, {"compatibility": "NONE"})
        run("dead", "retry", tmp_path / "state")
        until(lambda: arrived()[3:] == [("b", "ddl"), ("b", "insert")], lambda: process.stderr)


def test_debeziums_envelope_in_avro_and_protobuf_says_what_it_says_in_json(server, database, kafka, registry, sluice, tmp_path):
    """Rows, keys, tombstones and changes of key of all three; Avro's as numbers of the schema, so that times are compared as they are."""
    table = f"{database}.t"
    server.sql(f"set time_zone = '+00:00'; create table {table} (id int primary key, price decimal(10,2) not null, at datetime(6), name varchar(20));"
               f"insert into {table} values (1, -1.50, '2026-01-15 10:30:00.000001', 'pen'); update {table} set id = 2; delete from {table}")
    lanes = {"json": [], "avro": ["encoding: avro"], "protobuf": ["encoding: protobuf", "field_numbers: position"]}
    lines = []
    for name, more in lanes.items():
        lines += [f"  {name}:", "    sink: kafka", f"    brokers: {kafka.brokers}", f"    topic: {database}.{name}", "    format: debezium",
                  "    name: shop.1", *(f"    {line}" for line in more), *([f"    registry: {registry.url}"] if more else [])]
    path = tmp_path / "sluice.yaml"
    path.write_text("\n".join(["name: k", "state: ./state", "source:", f"  url: {server.url}", "  start: earliest",
                               f'tables: ["{database}.*"]', "ddl: false", "sinks:", *lines]) + "\n")
    sluice("run", path)
    found = {name: read(kafka.brokers, f"{database}.{name}", 6) for name in lanes}
    read_avro = avro_reader(registry.url)
    avro = [(read_avro(m.key()), m.value() and read_avro(m.value())) for m in found["avro"]]
    proto = {kind: protobuf_reader(registry.schema(f"{database}.protobuf-{kind}"), f"shop_1.{database}.t.{name}", tmp_path)
             for kind, name in (("value", "Envelope"), ("key", "Key"))}
    envelope = json.loads(registry.schema(f"{database}.avro-value"))
    plain = [(json.loads(m.key()), m.value() and json.loads(m.value())) for m in found["json"]]
    assert [value and value["op"] for _, value in plain] == ["c", "d", None, "c", "d", None]
    assert [m.headers() for m in found["avro"]] == [m.headers() for m in found["json"]] == [m.headers() for m in found["protobuf"]]
    for (key, value), (avro_key, other), p in zip(plain, avro, found["protobuf"]):
        assert avro_key == key == {"id": proto["key"](p.key()).id}
        if value is None:
            assert other is None and p.value() is None
            continue
        for image in filter(None, (value["before"], value["after"])):
            image["price"] = decimal.Decimal("-1.50")
        for each in (value, other):
            each.pop("ts_ms"), each.pop("ts_us"), each.pop("ts_ns")
        assert other == value
        message = proto["value"](p.value())
        assert (message.op, message.source.pos, message.source.snapshot) == (value["op"], value["source"]["pos"], "false")
        for image in ("before", "after"):
            assert message.HasField(image) == (value[image] is not None)
            if value[image]:
                row = getattr(message, image)
                assert (row.id, row.at, row.name, row.price.value, row.price.scale) == (
                    value[image]["id"], value[image]["at"], "pen", (-150).to_bytes(2, "big", signed=True), 2)
    assert (envelope["name"], envelope["namespace"], envelope["connect.version"]) == ("Envelope", f"shop_1.{database}.t", 2)
    fields = {field["name"]: field["type"] for field in envelope["fields"][0]["type"][1]["fields"]}
    assert fields["price"] == {"type": "bytes", "scale": 2, "precision": 10, "connect.version": 1,
                               "connect.parameters": {"scale": "2", "connect.decimal.precision": "10"},
                               "connect.name": "org.apache.kafka.connect.data.Decimal", "logicalType": "decimal"}
    assert fields["at"] == ["null", {"type": "long", "connect.version": 1, "connect.name": "io.debezium.time.MicroTimestamp"}]
