"""The canal format's packets, read by what protoc makes of the field numbers: they tell what the flat messages tell."""

import importlib
import json
import pathlib
import struct
import subprocess
import sys

import pytest

from lib.kafka import read
from lib.sluice import BINARY, ROOT, WAIT_SECONDS

LIB = pathlib.Path(__file__).resolve().parent / "lib"
LOGS = ROOT / "test/cases/binlog"
CASES = ["mysql-9.7-types", "mysql-9.7-json", "mysql-9.7-partial-json", "mysql-9.7-own-types", "mariadb-11.8-own-types",
         "mysql-9.7-image-minimal", "mariadb-11.8-types", "mysql-5.6-transactions", "mysql-9.7-names"]
MESSAGES = 7


@pytest.fixture(scope="module")
def canal(tmp_path_factory):
    """The generated module."""
    folder = tmp_path_factory.mktemp("canal")
    subprocess.run(["protoc", f"--proto_path={LIB}", f"--python_out={folder}", "canal.proto"], check=True, timeout=WAIT_SECONDS)
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module("canal_pb2")
    finally:
        sys.path.remove(str(folder))


def decode(case, *options):
    words = [word for option in options for word in ("--set", option)]
    done = subprocess.run([BINARY, "decode", *sorted((LOGS / case).glob("binlog.0*")), "--format", "canal", *words],
                          capture_output=True, timeout=WAIT_SECONDS, check=True)
    return done.stdout


def packets(canal, stream):
    """The Messages of each framed Packet."""
    found = []
    while stream:
        size, = struct.unpack_from(">I", stream)
        found.append(messages(canal, stream[4:4 + size]))
        stream = stream[4 + size:]
    return found


def messages(canal, body):
    packet = canal.Packet.FromString(body)
    assert (packet.version, packet.type) == (1, MESSAGES)
    made = canal.Messages.FromString(packet.body)
    return made.batch_id, [canal.Entry.FromString(entry) for entry in made.messages]


def values(columns):
    for column in columns:
        assert not (column.isNull and column.value)
    return {column.name: None if column.isNull else column.value for column in columns}


def flat(canal, number, entry):
    """The flat message that an entry of rows or of a statement stands for, without `ts` and `gtid`."""
    header, change = entry.header, canal.RowChange.FromString(entry.storeValue)
    assert entry.entryType == canal.ROWDATA and header.eventType == change.eventType
    assert (header.version, header.serverenCode, header.sourceType) == (1, "UTF-8", 2)
    told = {"id": number, "database": header.schemaName, "table": header.tableName, "es": header.executeTime,
            "type": canal.EventType.Name(header.eventType), "isDdl": change.isDdl, "sql": change.sql, "data": None, "old": None,
            "mysqlType": None, "sqlType": None, "pkNames": None}
    if change.isDdl:
        return told
    update = header.eventType == canal.UPDATE
    images = [row.beforeColumns if header.eventType == canal.DELETE else row.afterColumns for row in change.rowDatas]
    assert {pair.key: pair.value for pair in header.props} == {"rowsCount": str(len(images))}
    told["data"] = [values(image) for image in images]
    told["mysqlType"] = {column.name: column.mysqlType for column in images[-1]}
    told["sqlType"] = {column.name: column.sqlType for column in images[-1]}
    told["pkNames"] = [column.name for column in images[-1] if column.isKey] or None
    if update:
        told["old"] = [{name: value for name, value in values(row.beforeColumns).items()
                        if name in {column.name for column in row.afterColumns if column.updated}} for row in change.rowDatas]
    return told


def in_order(message):
    """The key's columns as they stand in the table."""
    return [name for name in message["mysqlType"] if name in message["pkNames"]] if message["pkNames"] else None


@pytest.mark.parametrize("case", CASES)
def test_packets_tell_what_flat_messages_tell(canal, case):
    expected = [json.loads(line) for line in decode(case).splitlines()]
    found = packets(canal, decode(case, "flat_message=false", "framed=true"))
    assert len(found) == len(expected) > 5
    for (number, entries), wanted in zip(found, expected):
        entry, = entries
        assert entry.header.gtid == wanted["gtid"]
        told = flat(canal, number, entry)
        if not wanted["isDdl"] and "minimal" in case and wanted["type"] == "UPDATE":
            # Where an image lacks a column, the flat message has it from the other one; the entry has both images.
            change = canal.RowChange.FromString(entry.storeValue)
            before = [values(row.beforeColumns) for row in change.rowDatas]
            told["data"] = [{**old, **new} for old, new in zip(before, told["data"])]
            for field, of in (("mysqlType", "mysqlType"), ("sqlType", "sqlType")):
                told[field] = {**{c.name: getattr(c, of) for c in change.rowDatas[-1].beforeColumns}, **told[field]}
        # Entries say which columns are of the key, not in which order.
        assert set(told.pop("pkNames") or []) <= set(wanted["pkNames"] or []) if "minimal" in case else \
            told.pop("pkNames") == in_order(wanted)
        del wanted["ts"], wanted["gtid"], wanted["pkNames"]
        assert told == wanted


def test_strict_packets_have_no_batch_and_go_by_the_value(canal):
    case = "mysql-9.7-types"
    expected = [json.loads(line) for line in decode(case, "strict=true").splitlines()]
    found = packets(canal, decode(case, "flat_message=false", "framed=true", "strict=true"))
    for (number, (entry,)), wanted in zip(found, expected, strict=True):
        told = flat(canal, wanted["id"], entry)
        assert number == 0 and entry.header.gtid == ""
        if told["type"] == "UPDATE":  # `old` of the flat one has more columns, by an oddity of its own
            assert all(a.items() <= b.items() for a, b in zip(told.pop("old"), wanted.pop("old"), strict=True))
        del wanted["ts"], wanted["gtid"]
        assert told == wanted


def test_transactions_begin_and_end(canal):
    case = "mysql-9.7-transactions"
    plain = [entry for _, entries in packets(canal, decode(case, "flat_message=false", "framed=true")) for entry in entries]
    told = [entry for _, entries in
            packets(canal, decode(case, "flat_message=false", "framed=true", "transaction_entries=true")) for entry in entries]
    assert [e for e in told if e.entryType == canal.ROWDATA] == plain
    open_since = None
    for entry in told:
        if entry.entryType == canal.TRANSACTIONBEGIN:
            assert open_since is None
            open_since = entry.header
            assert canal.TransactionBegin.FromString(entry.storeValue).threadId >= 0
        elif entry.entryType == canal.TRANSACTIONEND:
            assert open_since.gtid == entry.header.gtid and open_since.logfileOffset < entry.header.logfileOffset
            assert canal.TransactionEnd.FromString(entry.storeValue).transactionId.isdigit()
            open_since = None
        else:
            assert open_since or canal.RowChange.FromString(entry.storeValue).isDdl
    assert open_since is None
    assert sum(e.entryType == canal.TRANSACTIONBEGIN for e in told) == sum(e.entryType == canal.TRANSACTIONEND for e in told) > 3


def test_packets_reach_kafka_unharmed(canal, shared, database, kafka, sluice, tmp_path):
    server = shared("mysql-9.7", full=True, gtid=True)
    server.sql(f"create database {database}; create table {database}.t (id int primary key, b varbinary(300), v varchar(20))")
    server.sql(f"insert into {database}.t values (1, x'{bytes(range(256)).hex()}', 'ö🙂'), (2, '\\n\\r\\n', null)")
    try:
        (tmp_path / "sluice.yaml").write_text(
            f"state: ./state\nsource: {{url: '{server.url}', start: earliest}}\ntables: ['{database}.*']\nddl: false\n"
            f"sinks:\n  out: {{sink: kafka, brokers: '{kafka.brokers}', create_topics: true, topic: '{database}', format: canal, "
            "flat_message: false}\n")
        sluice("run", tmp_path / "sluice.yaml")
        message, = read(kafka.brokers, database, 1)
    finally:
        server.sql(f"drop database {database}")
    number, (entry,) = messages(canal, message.value())
    assert message.key() is None
    assert flat(canal, number, entry)["data"] == [
        {"id": "1", "b": bytes(range(256)).decode("latin-1"), "v": "ö🙂"}, {"id": "2", "b": "\n\r\n", "v": None}]


def java_hash(text):
    value = 0
    for unit in struct.unpack(f"<{len(text.encode('utf-16-le')) // 2}H", text.encode("utf-16-le")):
        value = (31 * value + unit) & 0xffffffff
    return value - (1 << 32) if value >> 31 else value


def canal_partition(database, values, count):
    """As canal's MQMessageUtils has it."""
    value = java_hash(database)
    for each in values:
        value ^= java_hash(each)
    return abs(value) % count


def test_canals_lines_choose_tables_topics_and_partitions(shared, database, kafka, sluice, tmp_path):
    server = shared("mysql-9.7", full=True, gtid=True)
    server.sql(f"create database {database}")
    for table in ("orders", "order_lines", "Secrets", "other"):
        server.sql(f"create table {database}.{table} (id int primary key, name varchar(20), pin int)")
        rows = ",".join(f"({i}, 'nämé {i}', 7)" for i in range(40))
        server.sql(f"insert into {database}.{table} values {rows}")
    text = f"""
name: c
state: ./state
source: {{url: '{server.url}', start: earliest}}
ddl: false
canal_filter: '{database}\\\\..*'
canal_filter_black: '.*\\.secrets'
sinks:
  out:
    sink: kafka
    brokers: {kafka.brokers}
    create_topics: true
    partitions: 5
    format: canal
    topic: {database}-else
    canal_filter_black_field: '{database}.orders:PIN'
    canal_dynamic_topic: '{database}-mine:{database}\\.orders;.*\\.order_lines'
    canal_partition_hash: '{database}.orders:name,.*\\.order_.*:$pk$'
    canal_partitions: 3
"""
    (tmp_path / "sluice.yaml").write_text(text)
    try:
        sluice("run", tmp_path / "sluice.yaml")
        found = {}
        for topic, parts in ((f"{database}-mine", 3), (f"{database}_order_lines", 3), (f"{database}-else", 1)):
            found[topic] = read(kafka.brokers, topic, parts)
    finally:
        server.sql(f"drop database {database}")
    rows = {topic: [(message.partition(), row) for message in messages for row in json.loads(message.value())["data"]]
            for topic, messages in found.items()}
    assert [len(each) for each in rows.values()] == [40, 40, 40]
    mine, lines, rest = rows.values()
    assert all(partition == canal_partition(database, [row["name"]], 3) for partition, row in mine)
    assert all(partition == canal_partition(database, [row["id"]], 3) for partition, row in lines)
    assert {partition for partition, _ in rest} == {0}
    assert set(mine[0][1]) == {"id", "name"} and set(lines[0][1]) == {"id", "name", "pin"}


def test_binlogbrokers_file_chooses_tables_topics_and_keys(shared, database, kafka, sluice, tmp_path):
    server = shared("mysql-9.7", full=True, gtid=True)
    server.sql(f"create database {database}")
    for table in ("orders", "items", "unwanted"):
        server.sql(f"create table {database}.{table} (id int primary key, name varchar(20))")
        server.sql(f"insert into {database}.{table} values (1, 'a'), (2, 'b'), (3, 'a')")
    sources = [{"Schema": database, "Tables": [{"Table": "^ord", "Topic": f"{database}-o", "Key": "name"}, {"Table": "items"}]}]
    (tmp_path / "conf.json").write_text(json.dumps({"SourceConfig": {"MysqlConn": "", "Sources": sources}, "BrokerConfig": {}}))
    (tmp_path / "sluice.yaml").write_text(
        f"state: ./state\nsource: {{url: '{server.url}', start: earliest}}\nddl: false\nsinks:\n  out: {{sink: kafka, "
        f"brokers: '{kafka.brokers}', create_topics: true, format: json, topic: '{{lower:database}}', "
        "broker_sources: ./conf.json}\n")
    try:
        sluice("run", tmp_path / "sluice.yaml")
        orders, items = read(kafka.brokers, f"{database}-o", 3), read(kafka.brokers, database.lower(), 3)
    finally:
        server.sql(f"drop database {database}")
    assert [message.key() for message in orders] == [b"a", b"b", b"a"]
    assert {json.loads(message.value())["table"] for message in items} == {"items"}
