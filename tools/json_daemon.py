"""A server that is asked over HTTP and answers in JSON."""

import json
import pathlib
import sys
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from daemon import Daemon  # noqa: E402


class JsonDaemon(Daemon):
    """What a kind of server adds: start(), url, and PROBE, a path that it answers once it can work."""

    def answers(self):
        try:
            self.ask("GET", self.PROBE)
        except OSError:
            return False
        return True

    def ask(self, method, path, body=None):
        """The answer, parsed; None of an empty one. One of 400 and more is an urllib.error.HTTPError, which is an OSError."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None
