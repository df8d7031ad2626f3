"""Starts real database servers on free loopback ports in temporary folders.

    with Server("mysql-9.7", ["--binlog-checksum=NONE"], gtid=True) as server:
        server.sql("create database shop; create table shop.t (id int primary key)")
        print(server.url)

Root has no password. A server never outlives the process that started it, and its folder is removed at close().
"""

import contextlib
import fcntl
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from daemon import Daemon, free_port  # noqa: E402
from server_kinds import CACHE, kind_of, options_of  # noqa: E402

ROOT_EVERYWHERE = {
    # 127.0.0.1 beside localhost: the former is what a server with --skip-name-resolve sees of a loopback client.
    "mysql-9.7": "create user root@'127.0.0.1'; grant all on *.* to root@'127.0.0.1' with grant option;",
    "mysql-5.6": "delete from mysql.user where user = ''; grant all on *.* to root@localhost with grant option;"
    " grant all on *.* to root@'127.0.0.1' with grant option; flush privileges;",
}


class Server(Daemon):
    """A running server of one kind.

    options: more command-line options, the last one wins; full: column names in the log (binlog_row_metadata=FULL);
    gtid: GTIDs on; tls: a Tls (server_tls.py) whose server certificate it shows; data: a data folder to use as it is,
    else a fresh one; keep: survives this process, and lives in `folder`.
    """

    def __init__(self, kind, options=(), *, full=False, gtid=False, tls=None, data=None, folder=None, keep=False,
                 port=None):
        self.kind = kind_of(kind)
        super().__init__(self.kind.name, folder, keep=keep)
        self.options = [*(self.kind.full_metadata if full else []), *(self.kind.gtid if gtid else []),
                        *(tls.server_options() if tls else []), *options]
        self.port = port or free_port()
        self.server_id = self.port
        self.datadir = pathlib.Path(data) if data else self.folder / "data"
        self.socket = self.folder / "s.sock"
        try:
            if not data and not self.datadir.exists():
                subprocess.run(["cp", "-a", "--reflink=auto", str(template(self.kind)), str(self.datadir)], check=True)
            self.start()
        except BaseException:
            if not keep:  # what is kept is the user's, even when it does not start
                self.close()
            raise

    # Life

    def start(self, options=None):
        """Starts the server on its data folder; `options` replace those given before."""
        if options is not None:
            self.options = list(options)
        argv = [*self.kind.server(), f"--datadir={self.datadir}", f"--socket={self.socket}", f"--port={self.port}",
                f"--server-id={self.server_id}", f"--pid-file={self.folder}/pid",
                # Servers of one folder remove each other's temporary tables when they start.
                f"--tmpdir={self.folder}", *options_of(self.kind),
                *self.options]
        return self._run(argv, env=self.kind.environment())

    def answers(self):
        """Whether the server greets on its Unix socket (there, broken-off handshakes are not held against a host)."""
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(5)
            try:
                probe.connect(str(self.socket))
                greeting = probe.recv(5)
            except OSError:
                return False
        return len(greeting) == 5 and greeting[4] == 10  # protocol version 10

    def restart(self, options=None):
        """Orderly stop, then start on the same port and data."""
        self.stop()
        return self.start(options)

    # Use

    @property
    def url(self):
        return self.url_as("root")

    def url_as(self, user, password=None):
        """user and password as they are to stand in a URL (percent-encoded where needed)."""
        secret = "" if password is None else f":{password}"
        return f"{self.kind.flavour}://{user}{secret}@127.0.0.1:{self.port}/"

    def connect(self, **more):
        """A pymysql connection of root with autocommit; the caller closes it."""
        import pymysql
        settings = dict(unix_socket=str(self.socket), user="root", charset="utf8mb4", autocommit=True,
                        client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS)
        return pymysql.connect(**{**settings, **more})

    def sql(self, text):
        """Runs one or more statements as root; returns the rows of the last one that has any, as a list of tuples."""
        rows = []
        with contextlib.closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(text)
            while True:
                if cursor.description:
                    rows = list(cursor.fetchall())
                if not cursor.nextset():
                    return rows

    @property
    def mysqlbinlog(self):
        """argv of this version's mysqlbinlog, to which options and files are added."""
        return self.kind.mysqlbinlog()

    def binlog_position(self):
        """(file, position) of the end of the log."""
        newer = self.kind.name == "mysql-9.7"  # 8.4 removed the older statement, 5.6 does not have the newer one
        return self.sql("show binary log status" if newer else "show master status")[0][:2]

    def binlog_files(self):
        """Paths of the binlog files, oldest first."""
        return sorted(p for p in self.datadir.glob("binlog.*") if p.suffix[1:].isdigit())


def template(kind):
    """The folder of an initialised, never used data folder of this kind: made once, then copied for every server."""
    folder = CACHE / "templates" / f"{kind.name}-{kind.stamp()}"
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.parent / f"{kind.name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists():
            return folder
        for old in folder.parent.glob(f"{kind.name}-*"):
            shutil.rmtree(old)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="tmp-") as work:
            data = pathlib.Path(work) / "data"
            data.mkdir()
            kind.initialise(data)
            settle(kind, data)
            # Each copy must become a server of its own: the UUID is made anew when this file is absent.
            (data / "auto.cnf").unlink(missing_ok=True)
            for log in data.glob("binlog.*"):
                log.unlink()
            data.rename(folder)  # last, so that what has this name is whole
    return folder


def settle(kind, data):
    """One short run, so that redo logs and system tables have their final size and a copy starts at once."""
    with Server(kind.name, data=data) as server:
        statements = ROOT_EVERYWHERE.get(kind.name)
        if statements:
            server.sql(statements)
        server.stop()
