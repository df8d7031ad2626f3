"""Fixtures of the tests against real servers. Each test starts what it needs and shares nothing with another test, except
`shared`, whose server lives as long as the test worker: such tests keep to a database of their own."""

import pathlib
import sys
import uuid

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "tools")]

from lib.sluice import Sluice  # noqa: E402
from clickhouse_server import VERSIONS, ClickHouse  # noqa: E402
from elasticsearch_server import Elasticsearch  # noqa: E402
from kafka_server import Kafka  # noqa: E402
from opensearch_server import OpenSearch  # noqa: E402
from postgresql_server import PostgreSQL  # noqa: E402
from rabbitmq_server import RabbitMQ  # noqa: E402
from registry_server import Apicurio  # noqa: E402
from server import Server  # noqa: E402
from server_kinds import KINDS  # noqa: E402
from server_tls import make_tls  # noqa: E402


def pytest_generate_tests(metafunc):
    """A test that asks for `kind` runs once on every server kind, unless it is parametrised otherwise."""
    marked = any("kind" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize"))
    if "kind" in metafunc.fixturenames and not marked:
        metafunc.parametrize("kind", list(KINDS))


@pytest.fixture
def start_server():
    """start_server(kind, options, **more) -> Server, closed after the test. See tools/server.py for the arguments."""
    started = []

    def start(kind, options=(), **more):
        started.append(Server(kind, options, **more))
        return started[-1]

    yield start
    for server in started:
        server.close()


@pytest.fixture(scope="session")
def _shared_servers():
    servers = {}
    yield servers
    for server in servers.values():
        server.close()


@pytest.fixture
def shared(_shared_servers):
    """shared(kind, options, **more) -> a running Server, the same one for equal arguments. Only for tests that leave the
    server as it is (no restart, no global setting, no RESET) and work in a database of their own (`database`)."""

    def get(kind, options=(), **more):
        key = (kind, tuple(options), tuple(sorted(more.items())))
        server = _shared_servers.get(key)
        if server is None or server.process.poll() is not None:
            server = _shared_servers[key] = Server(kind, options, **more)
        return server

    return get


@pytest.fixture
def database():
    """A database name that no other test uses."""
    return f"t_{uuid.uuid4().hex[:12]}"


@pytest.fixture
def server(shared, database):
    """A MySQL 9.7 that tests share, with a database for this one. What a file's tests have in it, its own fixture of this name adds."""
    server = shared("mysql-9.7", full=True, gtid=True)
    server.sql(f"create database {database}")
    yield server
    server.sql(f"drop database if exists {database}")


@pytest.fixture
def sluice():
    """sluice(arguments...) -> a running Sluice, killed after the test. For runs to the end, see lib.sluice.run."""
    started = []

    def start(*arguments, **more):
        started.append(Sluice(*arguments, **more))
        return started[-1]

    yield start
    for process in started:
        process.close()


@pytest.fixture(scope="session")
def tls(tmp_path_factory):
    """An authority with a server and a client certificate."""
    return make_tls(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def kafka(tls):
    """A broker with every kind of login, for tests that leave it running and use topics of their own."""
    with Kafka(tls=tls) as broker:
        yield broker


@pytest.fixture(scope="session", params=[OpenSearch, Elasticsearch], ids=lambda kind: kind.NAME)
def search(request):
    """A node of each kind, for tests that leave it running and use indices of their own."""
    with request.param() as node:
        yield node


@pytest.fixture(scope="session")
def rabbitmq(tls):
    """A broker for tests that leave it running and use names of their own. It takes messages of up to 4 MB."""
    with RabbitMQ({"max_message_size": 4_000_000}, tls=tls) as broker:
        yield broker


@pytest.fixture(scope="session", params=VERSIONS)
def clickhouse(request):
    """A server of each version, for tests that leave it running and use databases of their own."""
    with ClickHouse(request.param) as house:
        yield house


@pytest.fixture(scope="session")
def apicurio():
    """A schema registry, for tests that use subjects of their own."""
    with Apicurio() as registry:
        yield registry


@pytest.fixture(scope="session")
def postgresql(tls):
    """A server, for tests that leave it running and use schemas of their own."""
    with PostgreSQL(tls=tls) as server:
        yield server
