"""The sink http against a real server, which answers as the test says; through deaths of both under load."""

import dataclasses
import email.utils
import hashlib
import hmac
import json
import os
import random
import time
import urllib.parse

import pytest

from lib.http_target import Target, TargetProcess, reply
from lib.one_sink import fill, pipeline
from lib.sluice import run, until
from server_tls import make_tls, sign

KILLS = int(os.environ.get("SLUICE_KILLS", "20"))


@pytest.fixture
def server(server, database):
    server.sql(f"create table {database}.t (id int primary key, name varchar(20))")
    return server


@pytest.fixture
def target():
    with Target() as made:
        yield made


def configure(folder, server, database, url, *lines):
    return pipeline(folder, server, database, "sink: http", f'url: "{url}"', *lines)


def ids(changes):
    return [(change.get("after") or change["before"])["id"] for change in changes]


# What is sent


@pytest.mark.parametrize("body", ["change", "array", "ndjson", "form"])
def test_every_change_is_sent_in_order(server, database, target, sluice, tmp_path, body):
    fill(server, database, 1000)
    server.sql(f"update {database}.t set name = 'ö🙂&=+%' where id = 7; delete from {database}.t where id = 8")
    more = ["form_data: my data"] if body == "form" else []
    sluice("run", configure(tmp_path, server, database, target.url + "/in/{database}/{table}?from=sluice", f"body: {body}", *more))

    def changes():
        if body != "form":
            return target.changes()
        fields = [urllib.parse.parse_qs(request.body.decode(), strict_parsing=True) for request in target.taken()]
        assert all(each["data"] == ["my data"] for each in fields)
        return [json.loads(each["event_data"][0]) for each in fields]

    until(lambda: len(changes()) >= 1002)
    found = changes()
    assert ids(found) == [*range(1000), 7, 8]
    assert (found[1000]["op"], found[1000]["after"]["name"], found[1001]["op"]) == ("update", "ö🙂&=+%", "delete")
    requests = target.taken()
    assert {request.target for request in requests} == {f"/in/{database}/t?from=sluice"}
    keys = [request.headers["idempotency-key"] for request in requests]
    assert len(set(keys)) == len(keys)
    if body in ("change", "form"):
        assert keys == [change["id"] for change in found]
    else:
        assert len(requests) < 200
        for request, key in zip(requests, keys):
            own = request.changes()
            assert key == (own[0]["id"] if len(own) == 1 else f"{own[0]['id']}..{own[-1]['id']}/{len(own)}")


def test_names_keep_to_their_place_in_the_url(server, database, target, sluice, tmp_path):
    names = ["a/b?c#d", "50% & more", "ünï€", "..", "it's {x}"]
    for name in names:
        server.sql(f"create table {database}.`{name}` (id int primary key); insert into {database}.`{name}` values (1)")
    sluice("run", configure(tmp_path, server, database, target.url + "/{table}/in"))
    until(lambda: len(target.taken()) == len(names))
    assert [urllib.parse.unquote(request.target) for request in target.taken()] == [f"/{name}/in" for name in names]
    assert all(request.target.count("/") == 2 and "?" not in request.target for request in target.taken())


def test_a_format_s_own_destination_and_headers(server, database, target, sluice, tmp_path):
    """A change of key in Debezium is two messages of one change, which headers tie together; a schema change has a topic of its
    own; tombstones are not sent."""
    server.sql(f"insert into {database}.t values (1, 'a'); update {database}.t set id = 2; alter table {database}.t add x int")
    path = configure(tmp_path, server, database, target.url + "/topics/{database}.{table}", "format: debezium", "name: shop")
    path.write_text(path.read_text().replace("ddl: false\n", ""))
    sluice("run", path)
    until(lambda: any(b"add x int" in request.body for request in target.taken()))
    rows = [r for r in target.taken() if r.target == f"/topics/{database}.t"]
    assert [json.loads(r.body)["op"] for r in rows] == ["c", "d", "c"]
    assert all(r.body for r in target.taken())
    assert json.loads(rows[1].headers["__debezium.newkey"])["id"] == 2 and json.loads(rows[2].headers["__debezium.oldkey"])["id"] == 1
    keys = [r.headers["idempotency-key"] for r in target.taken()]
    assert len(set(keys)) == len(keys)
    assert any(r.target == "/topics/shop" for r in target.taken())


def test_requests_are_signed_and_say_who_they_are(server, database, target, sluice, tmp_path):
    fill(server, database, 3)
    sluice("run", configure(tmp_path, server, database, target.url, "bearer: ${THE_TOKEN}", "hmac_secret: ${THE_SECRET}",
                            'headers: ["X-Tenant: shop 7", "User-Agent: wing-binlog"]', "method: PUT"),
           env={"THE_TOKEN": "the token", "THE_SECRET": "the secret"})
    until(lambda: len(target.taken()) == 3)
    for request in target.taken():
        stamp = request.headers["x-sluice-timestamp"]
        assert abs(int(stamp) - time.time()) < 60
        made = hmac.new(b"the secret", stamp.encode() + b"." + request.body, hashlib.sha256).hexdigest()
        assert request.headers["x-sluice-signature"] == f"sha256={made}"
        assert request.headers["authorization"] == "Bearer the token"
        assert (request.method, request.headers["x-tenant"], request.headers["user-agent"]) == ("PUT", "shop 7", "wing-binlog")


def test_a_proxy_of_the_environment_is_used(server, database, target, sluice, tmp_path):
    fill(server, database, 1)
    sluice("run", configure(tmp_path, server, database, "http://nowhere.invalid/in"), env={"http_proxy": target.url})
    until(target.taken)
    assert target.taken()[0].target == "http://nowhere.invalid/in"


# What answers mean


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_server_is_left_alone_as_long_as_it_asks(server, database, target, sluice, tmp_path, form):
    fill(server, database, 5)
    wait = 2 if form == "seconds" else email.utils.formatdate(time.time() + 3, usegmt=True)
    target.answers = [reply(200), reply(429 if form == "seconds" else 503, b"too many", Retry_After=wait)]
    process = sluice("run", configure(tmp_path, server, database, target.url))
    until(lambda: len(target.taken()) == 5)
    assert f"the answer is {429 if form == 'seconds' else 503}: too many; trying again" in process.stderr
    refused, again = target.requests[1:3]
    assert refused.body == again.body and refused.headers["idempotency-key"] == again.headers["idempotency-key"]
    assert 1.9 < again.time - refused.time < 10
    assert ids(target.changes()) == list(range(5))


def test_a_long_pause_does_not_hold_the_end_up(server, database, target, sluice, tmp_path):
    fill(server, database, 1)
    target.answers = [reply(503, Retry_After=3000)]
    process = sluice("run", configure(tmp_path, server, database, target.url))
    process.wait_for_error("next in 3000.0 s")
    begin = time.monotonic()
    assert process.terminate() == 0
    assert time.monotonic() - begin < 3
    assert len(target.requests) == 1


@pytest.mark.parametrize("status", [408, 425, 500, 502])
def test_what_passes_is_tried_again(server, database, target, sluice, tmp_path, status):
    fill(server, database, 3)
    target.answers = [reply(200), *[reply(status, b"not now")] * 2]
    process = sluice("run", configure(tmp_path, server, database, target.url))
    until(lambda: len(target.taken()) == 3)
    process.wait_for_error("goes on")
    assert f"the answer is {status}: not now; trying again" in process.stderr
    assert ids(target.changes()) == [0, 1, 2] and len(target.requests) == 5


@pytest.mark.parametrize("status", [401, 403])
def test_a_login_that_was_taken_away_is_waited_for(server, database, target, sluice, tmp_path, status):
    fill(server, database, 2)
    allowed = []
    target.decide = lambda request: reply(200) if allowed else reply(status, b"who are you?")
    process = sluice("run", configure(tmp_path, server, database, target.url, "bearer: hidden"))
    process.wait_for_error(f"the answer is {status}: who are you?: the login is not accepted")
    allowed.append(True)
    until(lambda: len(target.taken()) == 2)
    assert "hidden" not in process.stderr


@pytest.mark.parametrize("body", ["change", "ndjson"])
def test_what_is_refused_stops_or_is_left_out(server, database, target, sluice, tmp_path, body):
    fill(server, database, 100)
    target.decide = lambda request: reply(422, b"id 61 is odd") if b'"id":61,' in request.body else reply(200)
    path = configure(tmp_path, server, database, target.url, f"body: {body}")
    done = run("run", path, check=False)
    assert done.returncode == 1
    assert "the target refuses the change" in done.stderr and "422: id 61 is odd" in done.stderr and "on_refusal: drop" in done.stderr
    path.write_text(path.read_text() + "    on_refusal: drop\n")
    process = sluice("run", path)
    process.wait_for_error("left out 1 changes that the target refuses")
    until(lambda: len(set(ids(target.changes()))) == 99)
    until(lambda: json.loads(run("status", tmp_path / "state", "--json").stdout)["sinks"][0].get("refused") == 1)


def test_a_redirection_is_a_failure_unless_followed(server, database, target, sluice, tmp_path):
    fill(server, database, 2)
    target.decide = lambda r: reply(200) if r.target == "/new" else reply(308, Location="/new")
    done = run("run", configure(tmp_path, server, database, target.url + "/old"), check=False)
    assert done.returncode == 1
    assert f"the answer is 308: it points to '{target.url}/new'; say url as it should be, or follow_redirects: true" in done.stderr
    with Target(decide=lambda request: reply(304)) as cache:
        done = run("run", configure(tmp_path, server, database, cache.url), check=False)
        assert done.returncode == 1 and "the answer is 304: it points nowhere; look at url" in done.stderr
    sluice("run", configure(tmp_path, server, database, target.url + "/old", "follow_redirects: true"))
    until(lambda: len(target.taken()) == 2)
    assert ids(target.changes()) == [0, 1]


HEAD = b"HTTP/1.1 200 OK\r\n"
BROKEN = {
    "closed": None,
    "no status line": b"what is this?\r\n\r\n",
    "a status that is none": b"HTTP/1.1 two hundred\r\n\r\n",
    "half a status line": b"HTTP/1.1 20",
    "a version of the future": b"HTTP/7.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "endless headers": HEAD + b"".join(b"X-%d: %s\r\n" % (i, b"x" * 1000) for i in range(1000)) + b"\r\n",
    "one endless header": HEAD + b"X: " + b"x" * 1_000_000 + b"\r\n\r\n",
    "a body cut short": HEAD + b"Content-Length: 100\r\n\r\nshort",
    "chunks that are none": HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nshort",
    "headers cut short": HEAD + b"Content-Length: 5\r\nX-Half",
    "zeros": b"\0" * 5000,
}


@pytest.mark.parametrize("broken", BROKEN)
def test_an_answer_that_is_none_is_asked_for_again(server, database, target, sluice, tmp_path, broken):
    fill(server, database, 3)
    turn = []

    def decide(request):
        turn.append(request)
        return BROKEN[broken] if len(turn) == 2 else reply(200)

    target.decide = decide
    process = sluice("run", configure(tmp_path, server, database, target.url, "timeout: 1s"))
    until(lambda: len(turn) == 4)
    until(lambda: len(target.requests) == 4)
    assert ids([json.loads(request.body) for request in target.requests]) == [0, 1, 1, 2], process.stderr
    assert ("of its answer" in process.stderr) == ("endless" in broken), process.stderr
    assert process.terminate() == 0


def test_silence_ends_with_the_patience(server, database, target, sluice, tmp_path):
    fill(server, database, 3)
    target.decide = lambda request: time.sleep(3) if len(target.requests) == 2 else reply(200)
    process = sluice("run", configure(tmp_path, server, database, target.url, "timeout: 500ms"))
    process.wait_for_error("no answer within 0.5 s")
    until(lambda: len(target.requests) == 4)
    assert ids([json.loads(request.body) for request in target.requests]) == [0, 1, 1, 2]


def test_an_end_is_not_held_up_by_a_silent_server(server, database, target, sluice, tmp_path):
    fill(server, database, 1)
    target.decide = lambda request: time.sleep(20)
    process = sluice("run", configure(tmp_path, server, database, target.url))
    until(lambda: target.requests)
    begin = time.monotonic()
    process.terminate()
    assert time.monotonic() - begin < 8  # five seconds are for the delivery in hand


# At the start


@pytest.mark.parametrize("url, words", [
    ("ftp://h/", "expected http:// or https://"),
    ("127.0.0.1:80/in", "expected http:// or https://"),
    ("http://me:hidden@127.0.0.1/", "use the options user and password"),
    ("http://127.0.0.1:123456/", "its port is not a number from 1 to 65535"),
    ("http:///in", "names no host"),
    ("http://h/{tabel}", "'{tabel}' in 'http://h/{tabel}' is not known"),
])
def test_a_wrong_url_is_found_at_the_start(server, database, tmp_path, url, words):
    done = run("run", configure(tmp_path, server, database, url), check=False)
    assert done.returncode == 2
    assert "sluice.yaml:12:" in done.stderr and words in done.stderr and "hidden" not in done.stderr


def test_a_column_that_a_table_lacks_ends_it(server, database, tmp_path):
    fill(server, database, 1)
    done = run("run", configure(tmp_path, server, database, "http://127.0.0.1/{column:nothing}"), check=False)
    assert done.returncode == 2 and "names the column nothing" in done.stderr


def test_a_server_that_is_not_there_is_waited_for(server, database, sluice, tmp_path):
    fill(server, database, 2)
    with Target() as first:
        port = first.port
    process = sluice("run", configure(tmp_path, server, database, f"http://127.0.0.1:{port}/in"))
    process.wait_for_error(f"POST http://127.0.0.1:{port}/in: ")
    assert "onnect" in process.stderr
    with Target(port=port) as target:
        until(lambda: len(target.taken()) == 2)


# TLS


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """By name: what a server shows. All but the stranger's are by the same authority."""
    folder = tmp_path_factory.mktemp("certificates")
    made = {name: make_tls(folder / name) for name in ("good", "stranger")}
    for name, names, days in (("expired", "IP:127.0.0.1", -1), ("other host", "DNS:elsewhere.example", 2)):
        sign(folder / "good", name, "/CN=Sluice test server", f"subjectAltName={names}", days)
        made[name] = dataclasses.replace(made["good"], server_cert=folder / "good" / f"{name}.pem",
                                         server_key=folder / "good" / f"{name}-key.pem")
    return made


@pytest.mark.parametrize("shown, words, advice", [
    ("expired", "certificate has expired", "have it renewed"),
    ("other host", "no alternative certificate subject", "name the host as its certificate does"),
    ("stranger", "unable to get local issuer certificate", "the authority that signed it in tls_ca")])
def test_a_wrong_certificate_is_refused(server, database, certificates, tmp_path, shown, words, advice):
    fill(server, database, 1)
    with Target(tls=certificates[shown]) as target:
        done = run("run", configure(tmp_path, server, database, target.url, f"tls_ca: {certificates['good'].ca}"), check=False)
        assert done.returncode == 1 and words in done.stderr and advice in done.stderr
        assert not target.requests


def test_certificates_are_checked_both_ways(server, database, certificates, sluice, tmp_path):
    fill(server, database, 2)
    good, stranger = certificates["good"], certificates["stranger"]
    with Target(tls=good, ask_certificate=True) as target:
        ours = [f"tls_ca: {good.ca}", "timeout: 2s"]
        process = sluice("run", configure(tmp_path, server, database, target.url, *ours))
        process.wait_for_error("certificate required")
        assert not target.requests
        process.kill9()
        process = sluice("run", configure(tmp_path, server, database, target.url, *ours, f"tls_cert: {stranger.client_cert}",
                                          f"tls_key: {stranger.client_key}"))
        process.wait_for_error("unknown ca")
        process.kill9()
        sluice("run", configure(tmp_path, server, database, target.url, *ours, f"tls_cert: {good.client_cert}",
                                f"tls_key: {good.client_key}"))
        until(lambda: len(target.taken()) == 2)


def test_without_libcurl_the_sink_says_what_to_install(server, database, sluice, tmp_path):
    fill(server, database, 1)
    (tmp_path / "libcurl.so.4").write_text("no library")
    with Target() as target:
        done = run("run", configure(tmp_path, server, database, target.url), check=False, env={"LD_LIBRARY_PATH": str(tmp_path)})
        assert done.returncode == 1 and "cannot load libcurl.so.4" in done.stderr and "install the package libcurl4" in done.stderr


def test_files_that_are_none_and_a_check_that_is_not_wanted(server, database, certificates, sluice, tmp_path):
    fill(server, database, 1)
    with Target(tls=certificates["stranger"]) as target:
        done = run("run", configure(tmp_path, server, database, target.url, "tls_ca: /nowhere.pem"), check=False)
        assert done.returncode == 2 and "tls_ca: the file /nowhere.pem cannot be read" in done.stderr
        sluice("run", configure(tmp_path, server, database, target.url, "tls_verify: false"))
        until(lambda: len(target.taken()) == 1)


# Deaths


@pytest.mark.parametrize("connections, body", [(1, "ndjson"), (4, "change")])
def test_deaths_under_load_lose_nothing(server, database, sluice, tmp_path, connections, body):
    seed = random.SystemRandom().randrange(1 << 31)
    print(f"seed {seed}")
    chance = random.Random(seed)
    with TargetProcess(tmp_path) as target:
        path = configure(tmp_path, server, database, target.url, f"connections: {connections}", f"body: {body}", "timeout: 2s")
        process = sluice("run", path)
        written = 0
        for kill in range(KILLS + 5):
            for _ in range(8):
                values = ",".join(f"({written + i}, 'v{written + i}')" for i in range(25))
                server.sql(f"insert into {database}.t values {values}; update {database}.t set name = 'x' where id = {written}")
                written += 25
            time.sleep(chance.uniform(0, 0.15))
            if kill % ((KILLS + 5) // 5) == KILLS // 5:
                target.kill9()
                target.start()
            else:
                process.process.kill()
                process.process.wait()
                process = sluice("run", path)
        until(lambda: any(f'"id":{written - 1},' in request["body"] for request in reversed(target.requests())))
        until(lambda: len(seen(target)) == written + written // 25)
        check(target.requests(), written, connections)


def seen(target):
    return {change["id"] for request in target.requests() for change in changes_of(request)}


def changes_of(request):
    return [json.loads(line) for line in request["body"].splitlines()]


def check(requests, written, connections):
    """Nothing is missing; of each key the insert comes before the update, and a repeat goes back before it goes on; what is
    repeated is the same, byte for byte, under the same key."""
    bodies, repeats, newest = {}, 0, {}
    found = [change for request in requests for change in changes_of(request)]
    assert {change["after"]["id"] for change in found} == set(range(written)), "a change is missing"
    for request in requests:
        key = request["headers"]["idempotency-key"]
        assert bodies.setdefault(key, request["body"]) == request["body"], f"{key} stands for two requests"
    contents, at = {}, -1
    for change in found:
        assert contents.setdefault(change["id"], change) == change, "one id stands for two changes"
        row, turn = change["after"]["id"], change["op"] == "update"
        assert turn <= newest.get(row, -1) + 1, f"the update of {row} came before its insert"
        repeats += turn <= newest.get(row, -1)
        newest[row] = max(newest.get(row, -1), turn)
        if connections == 1 and not turn:
            assert row <= at + 1, f"{row} came before one that precedes it"
            at = max(at, row)
    print(f"{len(contents)} changes in {len(requests)} requests, {KILLS} deaths of Sluice, 5 of the target, none lost, {repeats} repeats")
