"""ClickHouse's engine, of which a present version is published as a library only, behind as much of the server's HTTP as a
client of tables needs: http_engine.py FOLDER_OF_THE_LIBRARY DATA PORT

POST /?query=SQL&SETTING=VALUE, where SQL may stand in the body as well, as on a server. One request at a time; no users, no TLS,
no compression, and each fault is status 500 with the engine's own words.
"""

import http.server
import pathlib
import re
import sys
import tempfile
import threading
import urllib.parse

sys.path.insert(0, sys.argv[1])
import _chdb  # noqa: E402

DATA = pathlib.Path(sys.argv[2])
NAME = rb"`(?:[^`\\]|\\.)*`"
BINARY_INSERT = re.compile(rb"INSERT INTO (%s(?:\.%s)?) \((%s(?:, %s)*)\) FORMAT RowBinary(?:\n|$)" % ((NAME,) * 4))


class Engine:
    """What is asked of the library, by one thread at a time."""

    def __init__(self):
        self.connection = _chdb.connect(str(DATA))
        self.lock = threading.Lock()
        self.run("CREATE DATABASE IF NOT EXISTS default")

    def run(self, statement):
        return self.connection.query(statement, "TabSeparated").bytes()

    def answer(self, query, body, settings):
        with self.lock:
            set_before = []
            try:
                for name, value in settings.items():
                    self.run(f"SET {name} = '{value}'")
                    set_before.append(name)
                head = query or body
                insert = BINARY_INSERT.match(head)
                if insert:
                    return self.insert(insert[1].decode(), insert[2].decode(), body if query else body[insert.end():])
                return self.run((query + b"\n" + body if query else body).decode())
            finally:
                for name in set_before:
                    self.run(f"SET {name} = DEFAULT")

    def insert(self, table, columns, rows):
        """The library takes statements as text, so that rows in bytes go by a file."""
        described = self.run(f"DESCRIBE (SELECT {columns} FROM {table}) FORMAT TabSeparatedRaw").decode()
        types = [line.split("\t")[1] for line in described.splitlines()]
        structure = ", ".join(f"c{i} {each}" for i, each in enumerate(types)).replace("'", "\\'")
        with tempfile.NamedTemporaryFile(dir=DATA) as file:
            file.write(rows)
            file.flush()
            return self.run(f"INSERT INTO {table} ({columns}) SELECT * FROM file('{file.name}', 'RowBinary', '{structure}')")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) < length:  # the client died over it
            self.close_connection = True
            return
        settings = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        try:
            self.tell(200, engine.answer(settings.pop("query", "").encode(), body, settings))
        except RuntimeError as fault:
            self.tell(500, f"{fault}\n".encode())

    def tell(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


engine = Engine()
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[3])), Handler).serve_forever()
