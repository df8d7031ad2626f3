"""Starts a real PostgreSQL server on a free loopback port in a temporary folder.

    with PostgreSQL() as server:
        server.ask("SELECT 1")
        server.kill9(); server.start()

It never outlives the process that started it, and its folder is removed at close(). It refuses to run as root: then it is nobody's.
"""

import ctypes
import os
import pathlib
import shutil
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from daemon import Daemon, free_port  # noqa: E402
from server_kinds import SERVERS, run  # noqa: E402

DEBIAN, HOME = pathlib.Path("/"), SERVERS / "postgresql-15"
PROGRAMS = "usr/lib/postgresql/15/bin"
NOBODY = 65534
# The server's files are readable for its owner alone, and what is written need not outlive the machine.
SETTINGS = {"fsync": "off", "shared_buffers": "32MB", "max_connections": "40", "jit": "off", "log_min_messages": "error",
            "max_wal_size": "256MB"}


class PostgreSQL(Daemon):
    """A running server whose superuser is postgres. tls: a Tls (server_tls.py); settings: more of postgresql.conf."""

    def __init__(self, settings=None, *, tls=None):
        super().__init__("PostgreSQL")
        self.port = free_port()
        self.owner = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        self.data = self.folder / "data"
        try:
            self.tree = self._tree()
            self._own(self.folder)
            self._program("initdb", "-D", self.data, "-A", "trust", "-U", "postgres", "-N", "-E", "UTF8", "--locale=C")
            found = {**SETTINGS, **(self._tls(tls) if tls else {}), **(settings or {})}
            with open(self.data / "postgresql.conf", "a") as file:
                file.writelines(f"{name} = '{value}'\n" for name, value in found.items())
            (self.data / "pg_hba.conf").write_text("host all postgres 127.0.0.0/8 trust\nhost all all 127.0.0.0/8 scram-sha-256\n")
            self.start()
        except BaseException:
            self.close()
            raise

    def _tree(self):
        if (DEBIAN / PROGRAMS / "postgres").exists():
            return DEBIAN
        if not HOME.exists():
            raise RuntimeError(f"PostgreSQL is not installed ({HOME} is absent): run ./do services install postgresql-15")
        if not self.owner:
            return HOME
        # Nobody may not look into root's folders.
        return pathlib.Path(shutil.copytree(HOME, self.folder / "tree"))

    def _own(self, path):
        if self.owner:
            os.chown(path, NOBODY, NOBODY)

    def _tls(self, tls):
        files = {"ssl_ca_file": tls.ca, "ssl_cert_file": tls.server_cert, "ssl_key_file": tls.server_key}
        settings = {"ssl": "on"}
        for name, source in files.items():
            path = pathlib.Path(shutil.copy(source, self.folder))
            path.chmod(0o600)
            self._own(path)
            settings[name] = path
        return settings

    def _environment(self):
        libraries = "" if self.tree == DEBIAN else str(self.tree / "usr/lib/x86_64-linux-gnu")
        return {"PATH": os.environ["PATH"], "LC_ALL": "C", "LD_LIBRARY_PATH": libraries}

    def _program(self, name, *words):
        run([self.tree / PROGRAMS / name, *words], env=self._environment(), cwd=self.folder, **self.owner)

    # Life

    def start(self):
        argv = [str(self.tree / PROGRAMS / "postgres"), "-D", str(self.data), "-p", str(self.port), "-h", "127.0.0.1,127.0.0.2", "-k", ""]
        return self._run(argv, env=self._environment(), **self.owner)

    def answers(self):
        try:
            return self.ask("SELECT 1") == [("1",)]
        except RuntimeError:
            return False

    def stop(self):
        """An orderly shutdown that does not wait for clients."""
        self._end(signal.SIGINT)

    def kill9(self):
        """Death of all its processes without warning. The first stands still meanwhile, else it would start others."""
        self.pause()
        children = pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        for child in children:
            os.kill(int(child), signal.SIGKILL)
        self._end(signal.SIGKILL)
        # As long as one of them has the memory that they share, none can start.
        while any(is_alive(child) for child in children):
            time.sleep(0.01)

    # Use

    def url(self, database="postgres", user="postgres", password=None):
        secret = f":{password}" if password else ""
        return f"postgresql://{user}{secret}@127.0.0.1:{self.port}/{database}"

    def connect(self, database="postgres"):
        return Session(f"host=127.0.0.1 port={self.port} user=postgres dbname={database} sslmode=disable connect_timeout=5")

    def ask(self, sql, database="postgres"):
        """Rows of texts and None."""
        with self.connect(database) as session:
            return session.ask(sql)


def is_alive(process):
    """Whether it still has its memory."""
    try:
        return pathlib.Path(f"/proc/{process}/statm").read_text().split()[0] != "0"
    except OSError:
        return False


class Session:
    """A connection through libpq, which the program itself uses; no further package is needed."""

    BAD, COMMAND_OK, TUPLES_OK = 1, 1, 2

    def __init__(self, words):
        self.handle = self._pointer("PQconnectdb", words.encode())
        if self._number("PQstatus", self.handle) == self.BAD:
            message = self._text("PQerrorMessage", self.handle)
            self.close()
            raise RuntimeError(message)

    @staticmethod
    def _call(name, answer, *arguments):
        function = getattr(ctypes.CDLL("libpq.so.5"), name)
        function.restype = answer
        return function(*arguments)

    def _pointer(self, name, *arguments):
        return ctypes.c_void_p(self._call(name, ctypes.c_void_p, *arguments))

    def _number(self, name, *arguments):
        return self._call(name, ctypes.c_int, *arguments)

    def _text(self, name, *arguments):
        return self._call(name, ctypes.c_char_p, *arguments).decode()

    def ask(self, sql):
        result = self._pointer("PQexec", self.handle, sql.encode())
        try:
            if self._number("PQresultStatus", result) not in (self.COMMAND_OK, self.TUPLES_OK):
                raise RuntimeError(f"{sql}: {self._text('PQresultErrorMessage', result)}")
            return [tuple(None if self._number("PQgetisnull", result, row, column) else self._text("PQgetvalue", result, row, column)
                          for column in range(self._number("PQnfields", result)))
                    for row in range(self._number("PQntuples", result))]
        finally:
            self._call("PQclear", None, result)

    def close(self):
        self._call("PQfinish", None, self.handle)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
