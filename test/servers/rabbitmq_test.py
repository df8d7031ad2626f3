"""The sink rabbitmq against a real broker, read by pika; through deaths of both under load."""

import contextlib
import json
import os
import pathlib
import subprocess
import time

import pika
import pytest

from lib.one_sink import fill, fill_through_deaths, in_order, once_or_again, pipeline
from lib.rabbitmq import channel
from lib.redis import Redis
from lib.sluice import WAIT_SECONDS, run
from daemon import die_with_parent
from rabbitmq_server import PASSWORD, RabbitMQ
from server_tls import make_tls

KILLS = 6
EXAMPLE = pathlib.Path(__file__).resolve().parents[2] / "docs/examples/rabbitmq-to-redis"


@pytest.fixture
def server(server, database):
    server.sql(f"create table {database}.t (id int primary key, name varchar(20))")
    return server


def configure(folder, server, database, url, *lines):
    return pipeline(folder, server, database, "sink: rabbitmq", f"url: {url}", *lines)


def take(broker, queue, enough, seconds=WAIT_SECONDS):
    """The next messages of a queue, which may be made meanwhile, as (method, properties, body): so many, or until
    enough(message) is true."""
    found, end = [], time.monotonic() + seconds
    while True:
        assert time.monotonic() < end, f"after {len(found)} messages nothing more came"
        # A queue that is being made this moment is no queue, or at times an internal error of the broker.
        with contextlib.suppress(pika.exceptions.ChannelClosedByBroker, pika.exceptions.ConnectionClosedByBroker), channel(broker) as c:
            c.basic_qos(prefetch_count=50)
            for each in c.consume(queue, inactivity_timeout=1):
                if each[0]:
                    c.basic_ack(each[0].delivery_tag)
                    found.append(each)
                    if len(found) == enough if isinstance(enough, int) else enough(each):
                        c.cancel()
                        return found
                elif time.monotonic() > end:
                    break
        time.sleep(0.02)


def until_made(broker, queue):
    end = time.monotonic() + WAIT_SECONDS
    while True:
        assert time.monotonic() < end, f"there is no queue {queue}"
        with contextlib.suppress(pika.exceptions.ChannelClosedByBroker), channel(broker) as c:
            c.queue_declare(queue, passive=True)
            return
        time.sleep(0.05)


def rows(messages):
    return [json.loads(body)["after"]["id"] for _, _, body in messages]


def has_row(id):
    return lambda message: rows([message]) == [id]


def status(folder):
    return json.loads(run("status", folder / "state", "--json").stdout)["sinks"][0]


def test_messages_are_what_the_options_say(server, database, rabbitmq, sluice, tmp_path):
    server.sql(f"create table {database}.u (id int primary key)")
    fill(server, database, 500)
    server.sql(f"delete from {database}.t where id = 7; insert into {database}.u values (1)")
    x, q = f"x-{database}", f"q-{database}"
    path = configure(tmp_path, server, database, rabbitmq.url(), f"exchange: {x}", 'to: "row.{op}.{table}"', 'key: "{key}"',
                     "expiration: 1h", "window: 37", "declare:", f"  - exchange {x} topic", f"  - exchange dead-{database} fanout",
                     f"  - queue {q} x-queue-type=quorum x-dead-letter-exchange=dead-{database} x-max-length=100000",
                     f"  - bind {q} to {x} by row.*.t", f"  - queue {q}-rest x-message-ttl=3600000 x-max-priority=3",
                     f"  - 'bind {q}-rest to {x} by #'")
    sluice("run", path)
    found = take(rabbitmq, q, 501)
    assert rows(found[:500]) == list(range(500))
    method, about, body = found[500]
    change = json.loads(body)
    assert (method.routing_key, change["op"], change["before"]["id"]) == ("row.delete.t", "delete", 7)
    assert about.message_id == about.correlation_id == change["id"]
    assert (about.delivery_mode, about.content_type, about.expiration) == (2, "application/json", "3600000")
    assert about.headers == {"key": "7"}
    assert [json.loads(body)["table"] for _, _, body in take(rabbitmq, f"{q}-rest", 502)[-2:]] == ["t", "u"]


def test_headers_decide_and_what_no_queue_takes_is_refused(server, database, rabbitmq, sluice, tmp_path):
    server.sql(f"insert into {database}.t values (1, 'one'), (2, 'two'), (3, 'three'), (4, 'one')")
    x, q = f"x-{database}", f"q-{database}"
    path = configure(tmp_path, server, database, rabbitmq.url(), f"exchange: {x}", "content_type: text/x-row", "persistent: false",
                     'key: "{column:name}"', "declare:", f"  - exchange {x} headers transient", f"  - queue {q} transient",
                     f"  - queue {q}-two x-overflow=drop-head", f"  - bind {q}-two to {x} x-match=all key='two'",
                     f"  - bind {q} to {x} x-match=any key=one other=true")
    done = run("run", path, check=False)
    assert done.returncode == 1
    assert f"312 NO_ROUTE: no queue takes the routing key '{database}.t' at the exchange '{x}'" in done.stderr
    path.write_text(path.read_text() + "    on_refusal: park\n")
    sluice("run", path).wait_for_error("parked 1 changes")
    assert take(rabbitmq, f"{q}-two", 1)[0][1].headers == {"key": "two"}
    found = [about for _, about, _ in take(rabbitmq, q, 2)]
    assert {about.headers["key"] for about in found} == {"one"}
    assert {(about.delivery_mode, about.content_type) for about in found} == {(1, "text/x-row")}
    parked = [json.loads(line) for line in run("dead", "list", path, "--json").stdout.splitlines()]
    assert (parked[0]["key"], len(parked)) == ("3", 1) and "NO_ROUTE" in parked[0]["reason"]


@pytest.mark.parametrize("way", ["login", "host", "exchange", "different", "binding", "away"])
def test_what_is_wrong_at_the_start_is_told(server, database, rabbitmq, sluice, tmp_path, way):
    name = f"n-{database}"
    lines, url, word = {
        "login": ([], rabbitmq.url(password="wrong"), "403 ACCESS_REFUSED"),
        "host": ([], rabbitmq.url(vhost="nowhere"), "opening the virtual host 'nowhere'"),
        "exchange": ([f"exchange: {name}"], rabbitmq.url(), f"404 NOT_FOUND - no exchange '{name}'"),
        "different": (["declare:", f"  - queue {name} x-max-length=5", f"  - queue {name} x-max-length=6"], rabbitmq.url(),
                      "406 PRECONDITION_FAILED - inequivalent arg 'x-max-length'"),
        "binding": (["declare:", f"  - queue {name}", f"  - bind {name} to {name}"], rabbitmq.url(), f"binding the queue '{name}'"),
        "away": ([], rabbitmq.url().replace(str(rabbitmq.port), "1"), "cannot connect to 127.0.0.1:1"),
    }[way]
    path = configure(tmp_path, server, database, url, *lines)
    if way == "away":
        return sluice("run", path).wait_for_error(word)
    done = run("run", path, check=False)
    assert done.returncode == 1 and word in done.stderr
    assert "wrong" not in done.stderr and PASSWORD not in done.stderr


def test_tls_is_checked(server, database, rabbitmq, sluice, tmp_path, tls, tmp_path_factory):
    fill(server, database, 300)
    stranger = make_tls(tmp_path_factory.mktemp("stranger"))
    url, q = rabbitmq.url(scheme="amqps"), f"q-{database}"
    lines = [f"to: {q}", f'declare: ["queue {q}"]']
    done = run("run", configure(tmp_path, server, database, url, *lines, f"tls_ca: {stranger.ca}"), check=False)
    assert done.returncode == 1 and "its certificate is refused" in done.stderr
    sluice("run", configure(tmp_path, server, database, url, *lines, f"tls_ca: {tls.ca}"))
    assert rows(take(rabbitmq, q, 300)) == list(range(300))


def test_a_full_queue_is_waited_for_and_keeps_the_order(server, database, rabbitmq, sluice, tmp_path):
    fill(server, database, 400)
    q = f"q-{database}"
    process = sluice("run", configure(tmp_path, server, database, rabbitmq.url(), f"to: {q}",
                                      f'declare: ["queue {q} x-max-length=100 x-overflow=reject-publish"]'))
    process.wait_for_error("as a queue does that is full")
    in_order(rows(take(rabbitmq, q, has_row(399))), 400)


def test_a_message_that_is_too_large_is_refused(server, database, rabbitmq, sluice, tmp_path):
    server.sql(f"create table {database}.b (id int primary key, v longtext)")
    server.sql(f"insert into {database}.b values (1, 'x'), (2, repeat('y', 5000000)), (3, 'z')")
    q = f"q-{database}"
    process = sluice("run", configure(tmp_path, server, database, rabbitmq.url(), f"to: {q}", f"declare: ['queue {q}']",
                                      "on_refusal: park"))
    process.wait_for_error("larger than configured max size 4000000")
    process.wait_for_error("parked 1 changes")
    assert set(rows(take(rabbitmq, q, has_row(3)))) == {1, 3}


def test_a_broker_that_takes_nothing_for_now_is_waited_for(server, database, rabbitmq, sluice, tmp_path):
    q = f"q-{database}"
    process = sluice("run", configure(tmp_path, server, database, rabbitmq.url(), f"to: {q}", f"declare: ['queue {q}']",
                                      "timeout: 300ms", "keep_alive: 1s"))
    fill(server, database, 1)
    take(rabbitmq, q, 1)
    rabbitmq.control("set_vm_memory_high_watermark", "absolute", "1MB")
    try:
        for first in range(1, 401, 100):
            fill(server, database, 100, first)
        process.wait_for_error("takes nothing for now: low on memory")
        assert "low on memory" in status(tmp_path)["last_error"]
        time.sleep(3)  # longer than the broker lets pass without a heartbeat
    finally:
        rabbitmq.control("set_vm_memory_high_watermark", "absolute", "1GB")
    assert rows(take(rabbitmq, q, 400)) == list(range(1, 401)), "the connection was not kept"


def check_load(found, written):
    once_or_again(rows(found), [about.message_id for _, about, _ in found], written)


def test_deaths_of_program_and_broker_under_load_lose_nothing(server, database, sluice, tmp_path):
    with RabbitMQ() as broker:
        path = configure(tmp_path, server, database, broker.url(), f"to: q-{database}", f"declare: ['queue q-{database}']")
        written = fill_through_deaths(server, database, sluice, path, KILLS, target=broker, target_turns=[KILLS // 2])
        check_load(take(broker, f"q-{database}", has_row(written - 1)), written)


def test_deaths_under_load_lose_nothing_of_a_quorum_queue(server, database, rabbitmq, sluice, tmp_path):
    path = configure(tmp_path, server, database, rabbitmq.url(), f"to: q-{database}",
                     f"declare: ['queue q-{database} x-queue-type=quorum']")
    written = fill_through_deaths(server, database, sluice, path, KILLS)
    check_load(take(rabbitmq, f"q-{database}", has_row(written - 1)), written)


def test_the_example_keeps_redis_hashes_through_a_queue(server, database, rabbitmq, sluice, tmp_path):
    """docs/examples/rabbitmq-to-redis as it stands, but for the name of the database."""
    folder = tmp_path / "redis"
    folder.mkdir()
    redis = Redis(folder)
    environment = {"MYSQL_URL": server.url, "RABBITMQ_URL": rabbitmq.url(), "REDIS_URL": f"redis://127.0.0.1:{redis.port}/0"}
    (tmp_path / "sluice.yaml").write_text((EXAMPLE / "sluice.yaml").read_text().replace("shop.*", f"{database}.*"))
    consumer = None
    try:
        sluice("run", "sluice.yaml", cwd=tmp_path, env=environment)
        server.sql(f"insert into {database}.t values (1, 'pen'), (2, 'ink'), (3, null)")
        server.sql(f"update {database}.t set name = 'blue ink' where id = 2; delete from {database}.t where id = 1;"
                   f"update {database}.t set id = 30 where id = 3")
        until_made(rabbitmq, "data_syn_queue")
        consumer = subprocess.Popen(["/usr/bin/python3", EXAMPLE / "consumer.py"], env={**os.environ, **environment},
                                    preexec_fn=die_with_parent)
        end = time.monotonic() + WAIT_SECONDS
        while not redis.ask("exists", f"{database}:t:30"):
            assert time.monotonic() < end and consumer.poll() is None
            time.sleep(0.05)
        assert redis.ask("hgetall", f"{database}:t:2") == {"id": "2", "name": "blue ink"}
        assert redis.ask("hgetall", f"{database}:t:30") == {"id": "30", "name": ""}
        assert [redis.ask("exists", f"{database}:t:{id}") for id in (1, 3)] == [0, 0]
        with channel(rabbitmq) as c:
            c.basic_publish("data_syn_fanout_exchange", "", b"nothing of ours")
        assert take(rabbitmq, "data_syn_dead_queue", 1)[0][2] == b"nothing of ours"
    finally:
        if consumer:
            consumer.kill()
            consumer.wait()
        redis.close()
