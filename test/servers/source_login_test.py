"""Logging in: authentication plugins, TLS and what is verified of it, compression, and what is said when it fails."""

import contextlib
import socket
import threading

import pytest

from lib.sluice import run
from server_tls import make_tls

READER = "grant replication slave, replication client, select on *.* to "
MARIADB = ["mariadb-10.11", "mariadb-11.8"]
SPEAKS_TLS = [*MARIADB, "mysql-9.7"]  # a TLS that is still thought safe


@pytest.fixture(scope="session")
def stranger(tmp_path_factory):
    """Certificates of another authority."""
    return make_tls(tmp_path_factory.mktemp("stranger"))


@pytest.fixture
def server(shared, kind, tls):
    return shared(kind, ("--plugin-load-add=auth_ed25519",) if kind in MARIADB else (), tls=tls)


@pytest.fixture
def account(server, database):
    """account(how, requirement="") -> the URL of a new user that may read the log; its password is `g:h`."""
    made = []

    def make(how, requirement=""):
        user = f"{database[:12]}{len(made)}"
        server.sql(f"create user {user}@localhost {how} {requirement}; {READER} {user}@localhost")
        made.append(user)
        return server.url_as(user, "g%3Ah")

    yield make
    for user in made:
        server.sql(f"drop user {user}@localhost")


def native(kind):
    return "identified by 'g:h'" if kind == "mysql-5.6" else "identified via mysql_native_password using password('g:h')"


def tail(url, *more, **settings):
    return run("tail", url, "--until", "now", *more, check=False, **settings)


def reads(url, *more):
    done = tail(url, *more)
    assert done.returncode == 0, done.stderr
    assert "reading " in done.stderr
    return done


def refuses(code, words, url, *more):
    """It ends with that code, says all the words, and never the password."""
    done = tail(url, *more)
    assert done.returncode == code, done.stderr
    for word in words:
        assert word in done.stderr
    assert "g:h" not in done.stderr and "g%3Ah" not in done.stderr
    assert "reading " not in done.stderr


# Authentication

@pytest.mark.parametrize("kind", [*MARIADB, "mysql-5.6"])
@pytest.mark.parametrize("encryption", ["off", "preferred"])
def test_native_password(kind, account, encryption):
    reads(account(native(kind)), "--tls", encryption)


@pytest.mark.parametrize("kind", MARIADB)
@pytest.mark.parametrize("encryption", ["off", "required"])
def test_ed25519(account, encryption):
    reads(account("identified via ed25519 using password('g:h')"), "--tls", encryption)


@pytest.mark.parametrize("kind", ["mysql-9.7"])
@pytest.mark.parametrize("encryption", ["off", "required"])
def test_caching_sha2_password_cold_and_warm(server, account, encryption):
    url = account("identified with caching_sha2_password by 'g:h'")
    server.sql("flush privileges")  # forgets who has logged in: the whole password travels, encrypted
    reads(url, "--tls", encryption)
    reads(url, "--tls", encryption)


@pytest.mark.parametrize("kind", ["mysql-9.7"])
def test_caching_sha2_password_with_a_pinned_key(server, account, tls):
    url = account("identified with caching_sha2_password by 'g:h'")
    server.sql("flush privileges")
    reads(url, "--tls", "off", "--server-public-key", server.datadir / "public_key.pem")
    server.sql("flush privileges")
    refuses(2, ["server_public_key", "no RSA public key"], url, "--tls", "off", "--server-public-key", tls.server_key)


@pytest.mark.parametrize("encryption", ["off", "preferred"])
def test_wrong_password(kind, account, encryption):
    url = account(native(kind) if kind != "mysql-9.7" else "identified by 'g:h'").replace("g%3Ah", "xg%3Ah")
    refuses(2, ["error 1045", "check user name, password"], url, "--tls", encryption)


def test_a_plugin_that_is_not_installed(shared, database):
    server = shared("mariadb-11.8", ("--plugin-load-add=auth_parsec",))
    server.sql(f"create user {database[:12]}@localhost identified via parsec using password('g:h')")
    refuses(2, ["parsec", "plugin"], server.url_as(database[:12], "g%3Ah"), "--tls", "off")


def test_nobody_there():
    refuses(1, ["u@127.0.0.1:1", "Connection refused", "is the server running"], "mysql://u:g%3Ah@127.0.0.1:1/")
    refuses(1, ["no.such.host.invalid", "check the host name"], "mysql://u:g%3Ah@no.such.host.invalid/")


def test_something_else_there():
    """A listener that never greets, and one that is no database."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        refuses(1, ["silent for 0.4 s"], f"mysql://u:g%3Ah@127.0.0.1:{port}/", "--connect-timeout", "400ms")
    with socket.create_server(("127.0.0.1", 0)) as web:
        def answer():
            connection = web.accept()[0]
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.close()
        thread = threading.Thread(target=answer)
        thread.start()
        done = tail(f"mysql://u:g%3Ah@127.0.0.1:{web.getsockname()[1]}/", "--connect-timeout", "2s")
        thread.join()
        assert done.returncode in (1, 2)
        assert "cannot log in (u@127.0.0.1:" in done.stderr


# TLS

@pytest.fixture
def url(server, kind, account):
    return account("identified by 'g:h'" if kind == "mysql-9.7" else native(kind))


@pytest.mark.parametrize("kind", SPEAKS_TLS)
@pytest.mark.parametrize("mode", ["preferred", "required", "verify-ca", "verify-identity"])
def test_tls_with_its_authority(url, tls, mode):
    reads(url, "--tls", mode, "--tls-ca", tls.ca)
    reads(url.replace("127.0.0.1", "localhost"), "--tls", mode, "--tls-ca", tls.ca, "--compression")


@pytest.mark.parametrize("kind", SPEAKS_TLS)
@pytest.mark.parametrize("mode", ["verify-ca", "verify-identity"])
def test_tls_of_another_authority(url, stranger, mode):
    refuses(2, ["certificate", "tls_ca"], url, "--tls", mode, "--tls-ca", stranger.ca)
    refuses(2, ["certificate", "tls_ca"], url, "--tls", mode)  # of the system's authorities none has signed it


@pytest.mark.parametrize("kind", SPEAKS_TLS)
def test_tls_of_another_host(start_server, kind, tmp_path):
    elsewhere = make_tls(tmp_path, names=["DNS:elsewhere.example"])
    server = start_server(kind, tls=elsewhere)
    reads(server.url, "--tls", "verify-ca", "--tls-ca", elsewhere.ca)
    refuses(2, ["Validation of SSL server certificate failed", "made out to the host"], server.url,
            "--tls", "verify-identity", "--tls-ca", elsewhere.ca)


@pytest.mark.parametrize("kind", SPEAKS_TLS)
def test_client_certificate(server, account, kind, tls):
    how = "identified by 'g:h'" if kind == "mysql-9.7" else native(kind)
    url = account(how, "require x509")
    refuses(2, ["error 1045"], url, "--tls", "required")
    reads(url, "--tls", "required", "--tls-ca", tls.ca, "--tls-cert", tls.client_cert, "--tls-key", tls.client_key)
    refuses(2, ["belong together"], url, "--tls-cert", tls.client_cert)
    refuses(2, ["tls_cert", "no/such.pem"], url, "--tls-cert", "no/such.pem", "--tls-key", tls.client_key)


@pytest.mark.parametrize("kind", SPEAKS_TLS)
def test_client_certificate_of_another_authority(url, tls, stranger):
    done = tail(url, "--tls", "required", "--tls-ca", tls.ca, "--tls-cert", stranger.client_cert,
                "--tls-key", stranger.client_key)
    assert done.returncode in (1, 2)
    assert "tls_cert" in done.stderr


def no_tls(kind):
    return ("--tls-version=",) if kind == "mysql-9.7" else ("--skip-ssl",)


@pytest.mark.parametrize("mode", ["required", "verify-ca", "verify-identity"])
def test_nothing_is_said_to_a_server_without_tls(shared, kind, tls, mode):
    """Were it only noticed after the login, the password's hash would have been given to whoever is there."""
    server = shared(kind, no_tls(kind))
    with Listener(server.port) as between:
        refuses(2, ["does not offer TLS"], f"{server.kind.flavour}://root:g%3Ah@127.0.0.1:{between.port}/",
                "--tls", mode, "--tls-ca", tls.ca)
        assert between.heard == b""


def test_preferred_does_without_tls(shared, kind):
    reads(shared(kind, no_tls(kind)).url, "--tls", "preferred")


@pytest.mark.parametrize("kind", ["mysql-5.6"])
def test_tls_that_is_too_old(url, tls):
    refuses(2, ["no TLS 1.2", "tls=off"], url, "--tls", "required", "--tls-ca", tls.ca)
    assert "trying without TLS" in reads(url).stderr


class Listener:
    """Passes one connection on to a server and keeps what the client said."""

    def __init__(self, port):
        self.server = port
        self.heard = b""
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self._serve)

    def _serve(self):
        client = self.socket.accept()[0]
        upstream = socket.create_connection(("127.0.0.1", self.server))

        def answers():
            with contextlib.suppress(ConnectionResetError):  # the server's way of hearing that nobody will log in
                while data := upstream.recv(4096):
                    client.sendall(data)

        back = threading.Thread(target=answers, daemon=True)
        back.start()
        while data := client.recv(4096):
            self.heard += data
            upstream.sendall(data)
        upstream.shutdown(socket.SHUT_RDWR)
        back.join()
        upstream.close()
        client.close()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.thread.join(30)
        self.socket.close()
