"""HTTP servers that changes are sent to. Target runs in the test's process and answers as the test says; TargetProcess is one of
its own, which can be killed."""

import contextlib
import dataclasses
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "tools"))
from daemon import die_with_parent, free_port  # noqa: E402

START_SECONDS = 20


@dataclasses.dataclass
class Request:
    method: str
    target: str
    headers: dict  # names in lower case
    body: bytes
    client: tuple  # whose connection
    time: float  # monotonic seconds
    status: object = None  # of the answer; None where it was none

    def changes(self):
        """Those of a JSON array, of lines, or the one."""
        text = self.body.decode()
        if text.startswith("["):
            return json.loads(text)
        return [json.loads(line) for line in text.splitlines()]


def reply(status, body=b"", **headers):
    """The bytes of an answer; `_` in a header's name stands for `-`."""
    lines = [f"HTTP/1.1 {status} Told", f"Content-Length: {len(body)}", *(f"{n.replace('_', '-')}: {v}" for n, v in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def take(self):
        size = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(size)
        if len(body) < size:  # cut off on the way here
            self.close_connection = True
            return
        request = Request(self.command, self.path, {n.lower(): v for n, v in self.headers.items()}, body, self.client_address,
                          time.monotonic())
        answer = self.server.owner.answer(request)
        if answer:
            self.wfile.write(answer)
        if not answer or not answer.startswith(b"HTTP/1.1 ") or b"\r\n\r\n" not in answer:
            self.close_connection = True

    do_POST = do_PUT = do_GET = take

    def log_message(self, *_):
        pass


class Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        """A client that went away is what these tests are about."""

    def shutdown_request(self, request):
        """Reads to the client's end first: a close with bytes unread is a reset, and may take the alert of TLS from a client
        that had sent its request by then."""
        with contextlib.suppress(OSError):
            request.shutdown(socket.SHUT_WR)
            request.settimeout(1)
            while request.recv(1 << 16):
                pass
        self.close_request(request)


class Target:
    """answers: bytes each, one a request, in their order; behind them `decide(request)` answers, else 200. None or empty: the
    connection is closed."""

    def __init__(self, answers=(), *, decide=None, tls=None, ask_certificate=False, port=0):
        self.answers, self.decide = list(answers), decide
        self.requests = []
        self.lock = threading.Lock()
        self.server = Listener(("127.0.0.1", port), Handler)
        self.server.owner = self
        self.scheme = "http"
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls.server_cert, tls.server_key)
            if ask_certificate:
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_verify_locations(tls.ca)
            # The handshake is the handler's thread's, at its first read.
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
            self.scheme = "https"
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def answer(self, request):
        with self.lock:
            self.requests.append(request)
            told = self.answers.pop(0) if self.answers else None
        answer = told if told is not None else self.decide(request) if self.decide else reply(200)
        request.status = int(answer[9:12]) if answer and answer.startswith(b"HTTP/1.1 ") and answer[9:12].isdigit() else None
        return answer

    def taken(self):
        """The requests that were answered by 2xx, in the order in which they came."""
        with self.lock:
            return [r for r in self.requests if r.status and r.status // 100 == 2]

    def changes(self):
        return [change for request in self.taken() for change in request.changes()]

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class TargetProcess:
    """A server of its own, which writes each request to a file before it answers."""

    def __init__(self, folder):
        self.port, self.file = free_port(), pathlib.Path(folder) / "requests.jsonl"
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self):
        self.process = subprocess.Popen([sys.executable, __file__, str(self.port), str(self.file)], preexec_fn=die_with_parent)
        end = time.monotonic() + START_SECONDS
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert time.monotonic() < end and self.process.poll() is None, "the target does not start"
            time.sleep(0.02)

    def kill9(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def requests(self):
        """What it has taken; a line that a death cut short was not answered."""
        if not self.file.exists():
            return []
        return [json.loads(line) for line in self.file.read_text().splitlines(keepends=True) if line.endswith("\n")]

    def close(self):
        self.kill9()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Keeper:
    """Of the process: each request in one write, so that lines stay whole."""

    def __init__(self, path):
        self.file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def answer(self, request):
        line = json.dumps({"target": request.target, "headers": request.headers, "body": request.body.decode()}) + "\n"
        os.write(self.file, line.encode())
        return reply(200)


if __name__ == "__main__":
    listener = Listener(("127.0.0.1", int(sys.argv[1])), Handler)
    listener.owner = Keeper(sys.argv[2])
    listener.serve_forever()
