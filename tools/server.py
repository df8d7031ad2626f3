"""Starts real database servers on free loopback ports in temporary folders.

    with Server("mysql-9.7", ["--binlog-checksum=NONE"], gtid=True) as server:
        server.sql("create database shop; create table shop.t (id int primary key)")
        print(server.url)

Root has no password. A server never outlives the process that started it, and its folder is removed at close().
"""

import atexit
import contextlib
import ctypes
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import server_kinds  # noqa: E402
from server_kinds import KINDS  # noqa: E402,F401

START_SECONDS = 60  # a cold disk and two busy cores; a start takes 0.2 to 3 seconds otherwise
STOP_SECONDS = 60
PREFIX = "sluice-server-"
PR_SET_PDEATHSIG = 1  # prctl(2)


class Server:
    """A running server of one kind.

    options: more command-line options, the last one wins; full: column names in the log (binlog_row_metadata=FULL);
    gtid: GTIDs on; tls: a Tls (server_tls.py) whose server certificate it shows; data: a data folder to use as it is,
    else a fresh one; keep: survives this process, and lives in `folder`.
    """

    def __init__(self, kind, options=(), *, full=False, gtid=False, tls=None, data=None, folder=None, keep=False,
                 port=None):
        self.kind = server_kinds.kind_of(kind)
        self.keep = keep
        self.process = None
        self.pid = None
        self._data_given = data
        self.options = [*(self.kind.full_metadata if full else []), *(self.kind.gtid if gtid else []),
                        *(tls.server_options() if tls else []), *options]
        self.port = port or free_port()
        self.server_id = self.port
        self.folder = pathlib.Path(folder) if folder else new_folder()
        self.datadir = pathlib.Path(data) if data else self.folder / "data"
        self.socket = self.folder / "s.sock"
        self.log = self.folder / "server.log"
        if not keep:
            atexit.register(self.close)
        try:
            if not data and not self.datadir.exists():
                copy_template(server_kinds.template(self.kind), self.datadir)
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
                f"--tmpdir={self.folder}", *server_kinds.options(self.kind),
                *self.options]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(argv, cwd=self.folder, env=self.kind.environment(), stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, start_new_session=True,
                                            preexec_fn=None if self.keep else die_with_parent)
        self.pid = self.process.pid
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.kind.name} ended at its start with {self.process.returncode}:\n{self.log_tail()}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.kind.name} does not answer after {START_SECONDS} s:\n{self.log_tail()}")
            time.sleep(0.02)
        return self

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

    def stop(self):
        """An orderly shutdown; the data stays."""
        self._end(signal.SIGTERM)

    def kill9(self):
        """Death without warning; the data stays."""
        self._end(signal.SIGKILL)

    def restart(self, options=None):
        """Orderly stop, then start on the same port and data."""
        self.stop()
        return self.start(options)

    def pause(self):
        """The process stands still (its sockets stay open) until resume()."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self):
        os.kill(self.process.pid, signal.SIGCONT)

    def _end(self, how):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(how)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise RuntimeError(f"{self.kind.name} did not stop within {STOP_SECONDS} s:\n{self.log_tail()}")

    def close(self):
        """Ends the process at once and removes its folder. What must be stopped in order is stopped by stop() before."""
        atexit.unregister(self.close)
        with contextlib.suppress(Exception):
            if self.process is not None and self.process.poll() is None:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

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

    def log_tail(self, lines=30):
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


def die_with_parent():
    """In the child, before exec: the kernel kills it when the thread that started it ends, however that ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def free_port():
    """A port nobody listens on, below the range the kernel hands out (32768), so that it is still free at a restart."""
    for _ in range(1000):
        port = random.SystemRandom().randrange(14000, 32000)
        if port_is_free(port):
            return port
    raise RuntimeError("no free loopback port between 14000 and 32000")


def port_is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does: TIME_WAIT is no obstacle
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def new_folder():
    """A temporary folder that carries our process id; those of processes that died without cleaning up are removed."""
    base = pathlib.Path(tempfile.gettempdir())
    for folder in base.glob(f"{PREFIX}*"):
        owner = folder.name[len(PREFIX):].partition("-")[0]
        if owner.isdigit() and not pathlib.Path(f"/proc/{owner}").exists():
            shutil.rmtree(folder, ignore_errors=True)
    return pathlib.Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))


def copy_template(source, target):
    subprocess.run(["cp", "-a", "--reflink=auto", str(source), str(target)], check=True)
