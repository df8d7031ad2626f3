"""The sink subscribers against clients that nobody here wrote (the package websockets), and sockets that speak wing-binlog's frames."""

import base64
import contextlib
import http.client
import json
import re
import socket
import ssl
import struct
import threading
import time
import urllib.parse
import urllib.request

import pytest

from lib.python_package import add
from lib.sluice import WAIT_SECONDS, run
from daemon import free_port

add("websockets", "13.1")
from websockets.exceptions import ConnectionClosed, InvalidStatus  # noqa: E402
from websockets.sync.client import connect  # noqa: E402

KIND = "mysql-9.7"
DELIMITER = b"\r\n\r\n\r\n"


@pytest.fixture
def server(shared, database):
    server = shared(KIND, full=True, gtid=True)
    server.sql(f"create database {database}; create table {database}.t (id int primary key, name varchar(20)); "
               f"create table {database}.u (id int primary key)")
    yield server
    server.sql(f"drop database if exists {database}")


class Serving:
    """A pipeline whose only sink is subscribers."""

    def __init__(self, sluice, folder, server, database, *lines, start="now", masks=None):
        self.sluice, self.port, self.folder = sluice, free_port(), folder
        self.path = folder / "sluice.yaml"
        text = ["name: s", "state: ./state", "metrics: 127.0.0.1:0", "source:", f"  url: {server.url}", f"  start: {start}",
                f'tables: ["{database}.*"]', "ddl: false", "sinks:", "  live:", "    sink: subscribers", f"    listen: {self.port}",
                *(f"    {line}" for line in lines)]
        if masks:
            text += ["masks:", "  key: a key of sixteen bytes", "  rules:", f'    - {{columns: "{masks}", with: fixed, value: hidden}}']
        self.path.write_text("\n".join(text) + "\n")
        self.start()

    def start(self):
        self.process = self.sluice("run", self.path, cwd=self.folder)
        self.process.wait_for_error("subscribers may connect")
        end = time.monotonic() + WAIT_SECONDS
        while not self.status()["source"]["connected"] or self.lane()["doing"] != "waiting for changes":
            assert time.monotonic() < end
            time.sleep(0.02)

    def status(self):
        return json.loads(run("status", self.path, "--json", cwd=self.folder).stdout)

    def lane(self):
        return self.status()["sinks"][0]

    def until(self, name, count):
        end = time.monotonic() + WAIT_SECONDS
        while self.lane()[name] != count:
            assert time.monotonic() < end, self.lane()
            time.sleep(0.02)

    def web(self, query="", scheme="ws", **more):
        return connect(f"{scheme}://localhost:{self.port}/{query}", compression=None, max_size=None, close_timeout=0.2, **more)

    def tcp(self):
        return Frames(self.port)


class Frames:
    """A bare connection; what comes is read to the byte."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), WAIT_SECONDS)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def take(self, count):
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            assert more, f"closed behind {data}"
            data += more
        return data

    def until(self, end):
        data = b""
        while not data.endswith(end):
            data += self.take(1)
        return data

    def command(self):
        size, command = struct.unpack("<IH", self.take(6))
        return command, self.take(size - 2)

    def event(self):
        """The next frame that is no tick."""
        while (frame := self.command())[0] == 3:
            continue
        return frame

    def rest(self):
        data = b""
        with contextlib.suppress(ConnectionError):
            while more := self.socket.recv(65536):
                data += more
        return data


def command(number, content=b""):
    return struct.pack("<IH", len(content) + 2, number) + content


def receive(client, timeout=WAIT_SECONDS):
    return json.loads(client.recv(timeout))


def ids(client, count):
    return [receive(client)["after"]["id"] for _ in range(count)]


def test_websocket_clients_choose(server, database, sluice, tmp_path):
    serving = Serving(sluice, tmp_path, server, database)
    with serving.web() as everything, serving.web(f"?subscribe={database}.t&operations=update,delete") as some, serving.web() as other:
        other.send(json.dumps({"subscribe": ["*.u"], "operations": ["insert"]}))
        assert receive(other) == {"sluice": "ok"}
        other.send("tick\r\n\r\n\r\n")
        server.sql(f"insert into {database}.t values (1, 'ö🙂'); insert into {database}.u values (2); update {database}.t set name = 'b'; "
                   f"delete from {database}.t")
        found = [receive(everything) for _ in range(4)]
        assert [(f["op"], f["table"]) for f in found] == [("insert", "t"), ("insert", "u"), ("update", "t"), ("delete", "t")]
        assert found[0]["after"] == {"id": 1, "name": "ö🙂"}
        assert [receive(some)["op"] for _ in range(2)] == ["update", "delete"]
        assert receive(other)["table"] == "u"
        for wrong in ("[1", "7", '{"subscribe": 7}', '{"subscribe": ["t"]}', '{"operations": ["drop"]}', '{"after": 1}', '{"where": "x"}'):
            other.send(wrong)
            assert receive(other)["sluice"] == "error", wrong
        other.send(json.dumps({"subscribe": [], "operations": []}))
        assert receive(other) == {"sluice": "ok"}
        server.sql(f"insert into {database}.t values (3, 'c')")
        assert receive(other)["id"] == receive(everything)["id"]
        assert other.ping().wait(WAIT_SECONDS)
        serving.until("subscribers", 3)
    serving.until("subscribers", 0)
    lane = serving.lane()
    assert (lane["cut_off"], lane["sent_away"], lane["messages_sent"]) == (0, 0, 9)
    page = urllib.request.urlopen(re.search(r"metrics at (http://\S+)", serving.process.stderr)[1], timeout=WAIT_SECONDS).read().decode()
    told = dict(re.findall(r'^sluice_sink_subscribers(\w*)\{sink="live"\} (\d+)$', page, re.M))
    assert told == {"": "0", "_cut_off_total": "0", "_sent_away_total": "0", "_messages_total": "9", "_bytes_total": str(lane["bytes_sent"])}


def test_websocket_clients_choose_rows(server, database, sluice, tmp_path):
    serving = Serving(sluice, tmp_path, server, database, "client_where: true", f'columns: ["!{database}.t.secret"]', f'rename: ["{database}.t.id = number"]')
    server.sql(f"alter table {database}.t add secret varchar(20)")

    def where(condition, more=""):
        return "?where=" + urllib.parse.quote(condition) + more

    # Nothing was seen of any table yet: the grammar alone is looked at.
    with pytest.raises(InvalidStatus) as refused:
        serving.web(where("name ="))
    assert refused.value.response.status_code == 400 and b"where: column 7: " in refused.value.response.body
    with contextlib.ExitStack() as stack:
        everything = stack.enter_context(serving.web(f"?subscribe={database}.t"))
        pairs = [stack.enter_context(serving.web(where("number % 2 = 0", f"&subscribe={database}.t"))) for _ in range(20)]
        renamed = stack.enter_context(serving.web(where("changed(name) AND OLD.name = 'a'", f"&subscribe={database}.t")))
        hidden = stack.enter_context(serving.web(where("secret = 'x'")))
        server.sql(f"insert into {database}.t values (1, 'a', 'x'), (2, 'a', 'y'), (3, 'b', 'x'); update {database}.t set name = 'c' where id < 3")
        assert [(receive(everything)["op"]) for _ in range(5)] == ["insert"] * 3 + ["update"] * 2
        for each in pairs:
            assert [(found["op"], found["after"]["number"]) for found in (receive(each), receive(each))] == [("insert", 2), ("update", 2)]
        assert [receive(renamed)["after"]["number"] for _ in range(2)] == [1, 2]
        # What `columns` leave out is not there to be asked.
        assert "has no column 'secret'" in receive(hidden)["why"]
        with pytest.raises(ConnectionClosed) as closed:
            hidden.recv(WAIT_SECONDS)
        assert closed.value.rcvd.code == 1008
        # Now that the table is known, what does not fit it is refused at once, and all stays as it was.
        for wrong, why in ((f"secret = 'x'", "where: column 1: "), ("name + 1 = 2", "where: column "), ("frob(1)", "where: column 1: "),
                           ("x" * 5000, "longer than the 4096"), ("(" * 40 + "1" + ")" * 40, ""), ("NOT " * 40 + "TRUE", "nested deeper than the 32"),
                           ("name REGEXP '('", "where: column ")):
            everything.send(json.dumps({"where": wrong}))
            told = receive(everything)
            assert (told == {"sluice": "ok"}) if not why else (told["sluice"] == "error" and why in told["why"]), told
        # History is judged, too; an empty condition is none.
        everything.send(json.dumps({"where": "operation = 'update' AND number = 2", "after": ""}))
        assert receive(everything) == {"sluice": "ok"}
        assert receive(everything)["after"] == {"number": 2, "name": "c"}
        everything.send(json.dumps({"where": "", "after": ""}))
        assert receive(everything) == {"sluice": "ok"}
        assert [receive(everything)["op"] for _ in range(5)] == ["insert"] * 3 + ["update"] * 2
        # A later version of the table that a condition does not fit.
        server.sql(f"alter table {database}.t drop name; insert into {database}.t values (4, 'x')")
        assert "has no column 'name'" in receive(renamed)["why"]
        # Of all: a client of Python's waits ten seconds to close where something was not received.
        assert [receive(each)["after"] for each in (*pairs, everything)] == [{"number": 4}] * 21
    serving.until("subscribers", 0)


def test_conditions_see_what_masks_leave(server, database, sluice, tmp_path):
    serving = Serving(sluice, tmp_path, server, database, "client_where: true", masks=f"{database}.t.name")
    with serving.web("?where=" + urllib.parse.quote("name = 'planted'")) as guessing, serving.web("?where=name%3D%27hidden%27") as other:
        server.sql(f"insert into {database}.t values (1, 'planted')")
        assert receive(other)["after"] == {"id": 1, "name": "hidden"}
        guessing.send(json.dumps({"where": "", "after": ""}))
        assert receive(guessing) == {"sluice": "ok"}
        assert receive(guessing)["after"]["name"] == "hidden"


@pytest.mark.parametrize("lines, why", [(["client_where: true", "format: canal"], "of several rows"),
                                        (["client_where: true", "when_slow: spill"], "no rows go through a spill"),
                                        (["client_where: true", "protocol: command", "format: envelope", "style: wing_go"], "no place for a condition")])
def test_where_clients_may_have_no_conditions(tmp_path, lines, why):
    text = ["state: ./state", "source: {url: 'mysql://root@127.0.0.1:1'}", 'tables: ["a.*"]', "sinks:", "  live:", "    sink: subscribers",
            "    listen: 1", *(f"    {line}" for line in lines)]
    (tmp_path / "sluice.yaml").write_text("\n".join(text) + "\n")
    checked = run("check", tmp_path / "sluice.yaml", check=False, cwd=tmp_path)
    assert checked.returncode == 2 and why in checked.stderr and "client_where" in checked.stderr


def test_the_frames_with_delimiters(server, database, sluice, tmp_path):
    serving = Serving(sluice, tmp_path, server, database, "protocol: delimiter", "format: envelope", "style: wing")
    with serving.tcp() as client, serving.tcp() as picky:
        for part in (b"tick", b"ti", b"ck", DELIMITER, b"tick..." + DELIMITER, DELIMITER):
            client.send(part)
        picky.send(json.dumps({"subscribe": f"{database}.u"}).encode() + DELIMITER)
        assert picky.until(DELIMITER) == b'{"sluice":"ok"}' + DELIMITER
        serving.until("subscribers", 2)
        server.sql(f"set timestamp = 1768473000; insert into {database}.t values (1, 'a'); insert into {database}.u values (2)")
        found = client.until(DELIMITER)
        index = re.search(rb"\d+(?=}\r)", found)[0]
        assert found == (b'{"database":"%b","table":"t","event":{"event_type":"write_rows","time":"2026-01-15 10:30:00","data":{"id":1,'
                         b'"name":"a"}},"event_index":%b}' % (database.encode(), index) + DELIMITER)
        assert client.until(DELIMITER) == picky.until(DELIMITER)
        client.send(b"nonsense" + DELIMITER)
        assert json.loads(client.until(DELIMITER))["sluice"] == "error"


def test_the_frames_with_commands(server, database, sluice, tmp_path):
    serving = Serving(sluice, tmp_path, server, database, "protocol: command", "format: envelope", "style: wing_go", "ping_interval: 500ms")
    with serving.tcp() as everything, serving.tcp() as topics:
        everything.send(command(3))
        assert everything.take(8) == b"\x04\x00\x00\x00\x03\x00ok"
        assert everything.take(8) == b"\x04\x00\x00\x00\x03\x00ok"  # the server's own
        for topic in (rf"{database[:-3]}.*\.u$", r"no\.table"):
            topics.send(command(0, b"\0" + topic.encode()))
            assert topics.event() == (0, b"ok")
        topics.send(command(0, b"\1"))
        assert topics.event() == (0, b"ok")
        server.sql(f"set timestamp = 1768473000; insert into {database}.t values (1, 'a'); insert into {database}.u values (2)")
        number, content = everything.event()
        index = re.search(rb'"event_index":(\d+)', content)[1]
        assert (number, content) == (4, b'{"database":"%b","table":"t","event_type":"insert","time":1768473000,"event_index":%b,'
                                        b'"event":{"data":{"id":1,"name":"a"}}}' % (database.encode(), index))
        assert topics.event() == everything.event()
        for wrong, why in ((command(0, b"\0("), b"no regular expression"), (command(6), b"the command 6"), (command(0), b"a topic begins")):
            topics.send(wrong)
            number, content = topics.event()
            assert number == 2 and why in content
        topics.send(struct.pack("<I", 1 << 30) + b"xx")
        assert topics.event()[0] == 2 and not topics.rest()
    serving.until("sent_away", 1)


def test_who_comes_back_goes_on(server, database, sluice, tmp_path):
    serving = Serving(sluice, tmp_path, server, database, "buffer: 1MiB")
    with serving.web() as client:
        server.sql(f"insert into {database}.u values (1), (2)")
        first = receive(client)
        assert ids(client, 1) == [2]
    server.sql(f"insert into {database}.u values (3)")
    with serving.web(f"?after={first['id'].replace('#', '%23')}") as client:
        assert ids(client, 2) == [2, 3]
        client.send(json.dumps({"after": ""}))
        assert receive(client) == {"sluice": "ok"}
        assert ids(client, 3) == [1, 2, 3]
        server.sql(f"insert into {database}.u values (4)")
        last = receive(client)
    # The process dies behind a saved position: what comes next is no gap for who has the last change, and one for the others.
    end = time.monotonic() + WAIT_SECONDS
    while serving.lane()["doing"] != "waiting for changes":
        assert time.monotonic() < end
    serving.process.kill9()
    serving.start()
    with serving.web(f"?after={last['id'].replace('#', '%23')}") as client, serving.web(f"?after={first['id'].replace('#', '%23')}") as old:
        server.sql(f"insert into {database}.u values (5)")
        assert ids(client, 1) == [5]
        assert receive(old) == {"sluice": "gap", "after": first["id"]}
        assert ids(old, 1) == [5]
        assert serving.process.terminate() == 0
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(WAIT_SECONDS)
        assert closed.value.rcvd.code == 1001


def test_a_slow_client_is_cut_off_and_nobody_waits(server, database, sluice, tmp_path):
    server.sql(f"create table {database}.big (id int primary key auto_increment, b mediumtext)")
    serving = Serving(sluice, tmp_path, server, database, "buffer: 2MiB")
    found = []

    def read(client):
        with contextlib.suppress(ConnectionClosed):
            while True:
                found.append(receive(client, None)["after"]["id"])

    with serving.web() as quick, Frames(serving.port) as slow:
        slow.send(b"GET / HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                  b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in slow.until(b"\r\n\r\n")  # RFC 6455, section 1.3
        reader = threading.Thread(target=read, args=[quick])
        reader.start()
        for _ in range(20):
            server.sql(f"insert into {database}.big (b) values (repeat('x', 500000))")
        serving.until("cut_off", 1)
        serving.process.wait_for_error("is cut off: what it is to get next has left the buffer")
        end = time.monotonic() + WAIT_SECONDS
        while len(found) < 20:
            assert time.monotonic() < end, found
            time.sleep(0.05)
        assert found == list(range(1, 21))
        assert b"too slow" in slow.rest()[-200:]
    reader.join()
    serving.until("subscribers", 0)


def test_with_few_descriptors_clients_leave_some_for_the_rest(server, database, sluice, tmp_path):
    """More connections than there may be descriptors: those who are in get changes, the others a word; files and the control socket go on."""
    serving = Serving(lambda *given, **more: sluice(*given, through=["bash", "-c", 'ulimit -n 256; exec "$@"', "_"], **more), tmp_path, server,
                      database)
    assert "allows this process 256 descriptors, which is enough for 128 clients" in serving.process.stderr
    with serving.web() as first, contextlib.ExitStack() as stack:
        crowd = [stack.enter_context(Frames(serving.port)) for _ in range(600)]
        for each in crowd:
            with contextlib.suppress(ConnectionError):
                each.send(b"GET / HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                          b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        serving.until("subscribers", 128)
        server.sql(f"insert into {database}.t values (1, 'a')")
        assert ids(first, 1) == [1]
        assert "there are as many subscribers as there may be" in serving.process.stderr
        assert "cannot take a connection" not in serving.process.stderr
    serving.until("subscribers", 0)
    with serving.web() as client:
        server.sql(f"insert into {database}.t values (2, 'b')")
        assert ids(client, 1) == [2]


def test_what_clients_say_makes_no_line_of_the_log(server, database, sluice, tmp_path):
    serving = Serving(sluice, tmp_path, server, database)
    with pytest.raises(InvalidStatus):
        serving.web("?operations=" + urllib.parse.quote("\n2026-01-01T00:00:00.000Z error   planted \x1b[2J"))
    serving.process.wait_for_error("planted")
    line = next(line for line in serving.process.stderr.splitlines() if "planted" in line)
    assert "is sent away" in line and "\x1b" not in line, line


def test_who_asks_and_does_not_read_is_sent_away_with_a_word(server, database, sluice, tmp_path):
    serving = Serving(sluice, tmp_path, server, database)
    with Frames(serving.port) as flood, serving.web() as other:
        flood.send(b"GET / HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                   b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        with contextlib.suppress(OSError):
            flood.socket.settimeout(WAIT_SECONDS)
            while True:
                flood.send((b"\x89\xfd\0\0\0\0" + b"p" * 125) * 1000)
        serving.process.wait_for_error("it asks and does not read the answers")
        server.sql(f"insert into {database}.t values (1, 'a')")
        assert ids(other, 1) == [1]


def test_regular_expressions_that_take_much_memory_are_refused(server, database, sluice, tmp_path):
    serving = Serving(sluice, tmp_path, server, database)
    before = serving.process.resident_mb()
    with serving.web() as client:
        client.send(json.dumps({"subscribe": ["/" + r"\pL{400}" + str(i) + "/" for i in range(100)]}))
        answer = receive(client)
        assert answer["sluice"] == "error" and "counts too far" in answer["why"], answer
        client.send(json.dumps({"subscribe": ["/" + database + r"\.(t|[a-z]{1,60}x)/", f"!/{database}\\.no/"]}))
        assert receive(client) == {"sluice": "ok"}
        server.sql(f"insert into {database}.t values (1, 'a')")
        assert ids(client, 1) == [1]
    assert serving.process.resident_mb() - before < 20


def test_conditions_with_large_regular_expressions_hold_nobody_up(server, database, sluice, tmp_path):
    serving = Serving(sluice, tmp_path, server, database, "client_where: true")
    large = [" or ".join(rf"name regexp '\pL{{400}}x{i}'" for i in range(begin, begin + 100)) for begin in (0, 100, 200)]
    with serving.web() as client, serving.web() as other:
        for where in [*large, " or ".join(f"name regexp 'x{i}'" for i in range(11))]:
            client.send(json.dumps({"where": where, "subscribe": f"{database}.t"}))
        server.sql(f"insert into {database}.t values (1, 'a')")
        assert json.loads(other.recv(5))["after"]["id"] == 1
        whys = [told["why"] for told in (receive(client) for _ in range(5)) if "why" in told]  # and the change
        assert all("counts too far" in why for why in whys[:3]) and "more than 10 regular expressions" in whys[3], whys


def test_who_may_come_in(server, database, sluice, tmp_path, tls):
    serving = Serving(sluice, tmp_path, server, database, "token: let-me-in", 'more_tokens: "other,third"', 'origins: ["https://good.example"]',
                      f"tls_cert: {tls.server_cert}", f"tls_key: {tls.server_key}", "max_clients: 2", "timeout: 2s")
    context = ssl.create_default_context(cafile=tls.ca)
    # Python 3.11 guards no connection against threads, of which this client has two; what TLS 1.3 sends behind the
    # handshake would meet the request.
    quiet = ssl.create_default_context(cafile=tls.ca)
    quiet.maximum_version = ssl.TLSVersion.TLSv1_2

    def web(query="", **more):
        return serving.web(query, scheme="wss", ssl=quiet, **more)

    def refused(query="", **headers):
        asked = http.client.HTTPSConnection("localhost", serving.port, context=context, timeout=WAIT_SECONDS)
        with contextlib.closing(asked):
            asked.request("GET", f"/{query}", headers={"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
                                                       "Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode(), **headers})
            return asked.getresponse().status

    assert refused("?token=wrong") == 401
    assert refused(Authorization="Bearer wrong") == 401
    assert refused("?token=other", Origin="https://evil.example") == 403
    with web("?token=other", origin="https://good.example") as query, web(additional_headers={"Authorization": "Bearer third"}) as header:
        assert refused("?token=other") == 503
        server.sql(f"insert into {database}.u values (1)")
        assert ids(query, 1) == ids(header, 1) == [1]
    serving.until("subscribers", 0)
    with web() as first, web() as silent:
        server.sql(f"insert into {database}.u values (2)")
        serving.until("changes", 2)
        first.send(json.dumps({"token": "let-me-in"}))
        assert receive(first) == {"sluice": "ok"}
        server.sql(f"insert into {database}.u values (3)")
        assert ids(first, 1) == [3]
        with pytest.raises(ConnectionClosed):
            silent.recv(WAIT_SECONDS)
    with web() as wrong:
        wrong.send(json.dumps({"token": "x"}))
        with pytest.raises(ConnectionClosed) as closed:
            wrong.recv(WAIT_SECONDS)
        assert closed.value.rcvd.code == 1008
    with Frames(serving.port) as plain:  # no TLS
        plain.send(b"GET / HTTP/1.1\r\n\r\n")
        plain.rest()
    assert "let-me-in" not in serving.process.stderr


def test_a_port_that_is_taken_is_told(server, database, sluice, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        (tmp_path / "sluice.yaml").write_text(f"name: s\nstate: ./state\nsource: {{url: '{server.url}', start: now}}\nsinks:\n"
                                              f"  live: {{sink: subscribers, listen: {port}}}\n")
        done = run("run", "sluice.yaml", check=False, cwd=tmp_path)
        assert done.returncode == 1
        assert f"cannot listen at 127.0.0.1:{port}: Address already in use; another program has that port" in done.stderr
    (tmp_path / "sluice.yaml").write_text(f"name: s\nsource: {{url: '{server.url}'}}\nsinks:\n  live: {{sink: subscribers, listen: '0.0.0.0:1'}}\n")
    done = run("check", "sluice.yaml", check=False, cwd=tmp_path)
    assert done.returncode == 2 and "say a `token` that clients must know" in done.stderr + done.stdout
