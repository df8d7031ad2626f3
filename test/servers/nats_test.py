"""The sink nats against a real server with JetStream, read by nats-py; through deaths of both under load."""

import base64
import binascii
import contextlib
import json
import random
import time
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from lib.nats import create, take, with_jetstream
from lib.one_sink import fill, fill_through_deaths, in_order, once_or_again, pipeline
from lib.sluice import WAIT_SECONDS, run
from daemon import free_port
from nats_server import Nats
from server_tls import make_tls

KILLS = 20


@pytest.fixture
def server(server, database):
    server.sql(f"create table {database}.t (id int primary key, name varchar(20))")
    return server


@pytest.fixture
def nats():
    with Nats({"max_payload": 100_000}) as broker:
        yield broker


def configure(folder, server, database, url, *lines):
    return pipeline(folder, server, database, "sink: nats", f"servers: {url}", *lines)


def rows(messages):
    return [json.loads(each.data)["after"]["id"] for each in messages]


def has_row(id):
    return lambda message: rows([message]) == [id]


def status(folder):
    return json.loads(run("status", folder / "state", "--json").stdout)["sinks"][0]


MAKE = ["stream: S", "create_stream: true"]


def test_messages_are_what_the_options_say(server, database, nats, sluice, tmp_path):
    server.sql(f"create table {database}.`a.b *>%$` (id int primary key)")
    fill(server, database, 500)
    server.sql(f"delete from {database}.t where id = 7; insert into {database}.`a.b *>%$` values (1)")
    path = configure(tmp_path, server, database, nats.url(), *MAKE, 'to: "shop.{table}.{op}"', 'key: "{key}"', "window: 37",
                     "storage: memory", "max_age: 1h", "duplicate_window: 5m", "max_messages: 10000", "when_full: wait")
    sluice("run", path)
    found = take(nats, "S", 502)
    assert rows(found[:500]) == list(range(500))
    change = json.loads(found[500].data)
    assert (found[500].subject, change["op"], change["before"]["id"]) == ("shop.t.delete", "delete", 7)
    assert found[500].headers["Nats-Msg-Id"].startswith(change["id"] + "/")
    assert (found[500].headers["key"], found[500].headers["Nats-Expected-Stream"]) == ("7", "S")
    assert found[501].subject == "shop.a%2Eb%20%2A%3E%25$.insert"
    made = with_jetstream(nats, lambda js: js.stream_info("S")).config
    assert (made.subjects, made.storage, made.discard, made.max_msgs) == (["shop.*.*"], "memory", "new", 10_000)
    assert (made.max_age, made.duplicate_window) == (3600, 300)


def test_formats_reach_the_stream(server, database, nats, sluice, tmp_path):
    fill(server, database, 2)
    server.sql(f"update {database}.t set id = 5 where id = 1")
    sluice("run", configure(tmp_path, server, database, nats.url(), *MAKE, "format: debezium", "to: d.t"))
    found = take(nats, "S", 5)
    # A change of key is three messages, of which none passes for a repeat of another.
    assert [json.loads(each.data)["op"] if each.data else None for each in found] == ["c", "c", "d", None, "c"]
    assert json.loads(found[3].headers["key"]) == {"id": 1}
    assert len({each.headers["Nats-Msg-Id"] for each in found}) == 5


@pytest.mark.parametrize("way", ["away", "no stream", "other stream", "no subject", "no jetstream", "no acknowledgements", "tls", "login"])
def test_what_is_wrong_at_the_start_is_told(server, database, nats, sluice, tmp_path, way):
    create(nats, "S", "shop.>", no_ack=way == "no acknowledgements")
    lines, url, word = {
        "away": ([], "nats://127.0.0.1:1", "cannot connect to 127.0.0.1:1"),
        "no stream": (["stream: T"], nats.url(), "there is none; create it, or have it created with create_stream: true"),
        "other stream": (["stream: S", "to: 'cdc.{table}'"], nats.url(), "no stream 'S' at"),
        "no subject": (["to: 'cdc.{table}'"], nats.url(), "keeps the subjects 'cdc.*'; add them to a stream"),
        "no jetstream": ([], None, "JetStream is not enabled there"),
        "no acknowledgements": (["stream: S", "to: shop.x"], nats.url(), "acknowledges nothing (no_ack)"),
        "tls": ([], nats.url(scheme="tls"), "does not offer TLS"),
        "login": ([], None, "refuses: Authorization Violation"),
    }[way]
    with Nats({"authorization": {"user": "shop", "password": "right"}} if way == "login" else {}, jetstream=way == "login") as second:
        login = "shop:wrong" if way == "login" else ""
        path = configure(tmp_path, server, database, url or second.url(login), *lines)
        if way == "away":
            return sluice("run", path).wait_for_error(word)
        done = run("run", path, check=False)
    assert done.returncode == 1 and word in done.stderr, done.stderr
    assert "wrong" not in done.stderr and "right" not in done.stderr.replace("right to", "")


def test_tls_is_checked_and_a_certificate_shown(server, database, sluice, tmp_path, tls, tmp_path_factory):
    fill(server, database, 300)
    stranger = make_tls(tmp_path_factory.mktemp("stranger"))
    with Nats({"tls": {"cert_file": str(tls.server_cert), "key_file": str(tls.server_key), "ca_file": str(tls.ca), "verify": True,
                       "timeout": 10}}, tls=tls) as nats:
        own = [f"tls_cert: {tls.client_cert}", f"tls_key: {tls.client_key}"]
        for lines, word in (([f"tls_ca: {stranger.ca}", *own], "its certificate is refused"), ([f"tls_ca: {tls.ca}"], "")):
            done = sluice("run", configure(tmp_path, server, database, nats.url(), *MAKE, *lines))
            done.wait_for_error(word or "127.0.0.1")
            done.close()
        done = run("run", configure(tmp_path, server, database, nats.url(scheme="nats"), *MAKE), check=False)
        assert done.returncode == 1 and "write tls:// for nats://" in done.stderr
        sluice("run", configure(tmp_path, server, database, nats.url(), *MAKE, f"tls_ca: {tls.ca}", *own))
        assert rows(take(nats, "S", 300)) == list(range(300))


class Key:
    """An NKey of one kind: U(ser), A(ccount), O(perator)."""

    def __init__(self, kind):
        self.key, self.kind = Ed25519PrivateKey.generate(), {"U": 20, "A": 0, "O": 14}[kind] << 3

    @staticmethod
    def spell(data):
        return base64.b32encode(data + binascii.crc_hqx(data, 0).to_bytes(2, "little")).decode().rstrip("=")

    def public(self):
        return self.spell(bytes([self.kind]) + self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def seed(self):
        kind = bytes([18 << 3 | self.kind >> 5, (self.kind & 31) << 3])
        return self.spell(kind + self.key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))

    def token(self, subject, **claims):
        """A JWT about another key, signed by this one."""
        def part(data):
            return base64.urlsafe_b64encode(data).decode().rstrip("=")
        claim = {"jti": subject, "iat": 1_700_000_000, "iss": self.public(), "name": "shop", "sub": subject, "nats": {"version": 2, **claims}}
        text = ".".join(part(json.dumps(each).encode()) for each in ({"typ": "JWT", "alg": "ed25519-nkey"}, claim))
        return f"{text}.{part(self.key.sign(text.encode()))}"


def with_token_and_key():
    """(configuration of a server, text of a .creds file) of an operator with one account that may use JetStream."""
    operator, account, system, user = Key("O"), Key("A"), Key("A"), Key("U")
    bounds = {"wildcards": True, **{name: -1 for name in ("subs", "data", "payload", "imports", "exports", "conn", "leaf")}}
    jetstream = {"mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1}
    settings = {"operator": operator.token(operator.public(), type="operator"), "resolver": "MEMORY", "system_account": system.public(),
                "resolver_preload": {each.public(): operator.token(each.public(), type="account", limits={**bounds, **more})
                                     for each, more in ((account, jetstream), (system, {}))}}
    token = account.token(user.public(), type="user", subs=-1, data=-1, payload=-1)
    return settings, (f"-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\nkeep it\n\n"
                      f"-----BEGIN USER NKEY SEED-----\n{user.seed()}\n------END USER NKEY SEED------\n")


@pytest.mark.parametrize("way", ["user", "password", "token", "token in the URL", "key", "token and key"])
def test_logins(server, database, sluice, tmp_path, way):
    fill(server, database, 3)
    key, secret = Key("U"), "s3cr/t:@x"
    file = tmp_path / "own.creds"
    settings, login, lines = {
        "user": ({"authorization": {"user": "shop", "password": secret}}, f"shop:{quote(secret, safe='')}", []),
        "password": ({"authorization": {"user": "shop", "password": secret}}, "", ["user: shop", f"password: '{secret}'"]),
        "token": ({"authorization": {"token": secret}}, "", [f"token: '{secret}'"]),
        "token in the URL": ({"authorization": {"token": secret}}, quote(secret, safe=""), []),
        "key": ({"accounts": {"shop": {"jetstream": "enabled", "users": [{"nkey": key.public()}]}}}, "", [f"credentials: {file}"]),
        "token and key": (None, "", [f"credentials: {file}"]),
    }[way]
    file.write_text(f"# of the shop\n{key.seed()}\n")
    if not settings:
        settings, text = with_token_and_key()
        file.write_text(text)
    with Nats(settings) as nats:
        process = sluice("run", configure(tmp_path, server, database, nats.url(login), *MAKE, *lines))
        end = time.monotonic() + WAIT_SECONDS
        while '"changes":3,' not in run("status", tmp_path / "state", "--json", check=False).stdout.partition('"sinks"')[2]:
            assert time.monotonic() < end, process.stderr
            time.sleep(0.05)
        assert secret not in process.stderr


def test_a_full_stream_is_waited_for_and_keeps_the_order(server, database, nats, sluice, tmp_path):
    fill(server, database, 400)
    process = sluice("run", configure(tmp_path, server, database, nats.url(), *MAKE, "max_messages: 50", "when_full: wait"))
    process.wait_for_error("maximum messages exceeded")
    before = len(take(nats, "S", 1))
    assert "maximum messages exceeded" in status(tmp_path)["last_error"] and before
    held = with_jetstream(nats, lambda js: js.stream_info("S"))
    assert held.state.messages == 50

    async def widen(js):
        await js.update_stream(config=held.config.evolve(max_msgs=1000))
    with_jetstream(nats, widen)
    in_order(rows(take(nats, "S", has_row(399))), 400)


def test_a_stream_that_may_drop_its_oldest_is_warned_of(server, database, nats, sluice, tmp_path):
    """Of messages of some lengths, each that is refused at max_bytes costs the oldest one: the server's own fault."""
    create(nats, "S", "sluice.>", max_bytes=20_000, discard="new")
    process = sluice("run", configure(tmp_path, server, database, nats.url(), "stream: S"))
    process.wait_for_error("bound it by max_msgs")


def test_a_message_that_is_too_large_is_refused(server, database, nats, sluice, tmp_path):
    """For the server, and for the stream."""
    create(nats, "S", "shop.>", max_msg_size=50_000)
    server.sql(f"create table {database}.b (id int primary key, v longtext)")
    server.sql(f"insert into {database}.b values (1, 'x'), (2, repeat('y', 200000)), (3, repeat('y', 60000)), (4, 'z')")
    process = sluice("run", configure(tmp_path, server, database, nats.url(), "to: shop.b", "on_refusal: park"))
    process.wait_for_error("message size exceeds maximum allowed")
    reasons = [json.loads(line)["reason"] for line in run("dead", "list", tmp_path / "sluice.yaml", "--json").stdout.splitlines()]
    assert "takes 100000 (max_payload)" in reasons[0] and "message size exceeds maximum allowed" in reasons[1]
    assert set(rows(take(nats, "S", has_row(4)))) == {1, 4}


def test_a_subject_without_a_stream_waits_for_one(server, database, nats, sluice, tmp_path):
    create(nats, "S", "shop.t")
    fill(server, database, 3)
    process = sluice("run", configure(tmp_path, server, database, nats.url(), "to: 'shop.{table}'"))
    assert rows(take(nats, "S", 3)) == [0, 1, 2]
    server.sql(f"create table {database}.u (id int primary key); insert into {database}.u values (7)")
    process.wait_for_error("does not take a message on the subject 'shop.u': no stream listens on it")
    create(nats, "U", "shop.u")
    assert rows(take(nats, "U", 1)) == [7]


def test_the_next_server_of_several_is_taken(server, database, nats, sluice, tmp_path):
    fill(server, database, 3)
    sluice("run", configure(tmp_path, server, database, f"nats://127.0.0.1:1,{nats.url()}", *MAKE))
    assert rows(take(nats, "S", 3)) == [0, 1, 2]


def test_deaths_of_program_and_server_under_load_lose_nothing(server, database, nats, sluice, tmp_path):
    path = configure(tmp_path, server, database, nats.url(), *MAKE, "timeout: 2s")
    written = fill_through_deaths(server, database, sluice, path, 2 * KILLS, 6, nats, range(1, 2 * KILLS, 2))
    found = take(nats, "S", has_row(written - 1))
    # Within one life of the server its stream keeps nothing twice but what a failure before it moved.
    assert once_or_again(rows(found), [json.loads(each.data)["id"] for each in found], written) < written / 10


def test_deaths_of_members_of_a_cluster_lose_nothing(server, database, sluice, tmp_path):
    seed = random.SystemRandom().randrange(1 << 31)
    print(f"seed {seed}")
    chance, routes = random.Random(seed), [free_port() for _ in range(3)]
    with contextlib.ExitStack() as stack:
        members = [stack.enter_context(Nats({"server_name": f"n{i}", "cluster": {
            "name": "shop", "listen": f"127.0.0.1:{port}", "routes": [f"nats://127.0.0.1:{each}" for each in routes]}}))
            for i, port in enumerate(routes)]
        process = sluice("run", configure(tmp_path, server, database, ",".join(each.url() for each in members), *MAKE, "replicas: 3",
                                          "timeout: 2s"))
        process.wait_for_error("created the stream S")
        written = 0
        for member in chance.sample(members, 2):
            for step in range(20):
                fill(server, database, 25, written)
                written += 25
                if step == 10:
                    member.kill9()
            time.sleep(chance.uniform(0, 1))
            member.start()
        in_order(rows(take(members[0], "S", has_row(written - 1), 2 * WAIT_SECONDS)), written)
