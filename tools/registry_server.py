"""Starts a real schema registry, Apicurio, on a free loopback port. It speaks Confluent's protocol under /apis/ccompat/v7, keeps
what it is given in memory, and has no login.

    with Apicurio() as registry:
        registry.schema("shop.orders-value")
"""

import pathlib
import sys
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from daemon import free_port  # noqa: E402
from json_daemon import JsonDaemon  # noqa: E402
from server_kinds import SERVERS  # noqa: E402

HOME = SERVERS / "apicurio-3.0"


class Apicurio(JsonDaemon):
    """A running registry."""

    PROBE = "/subjects"

    def __init__(self):
        if not HOME.exists():
            raise RuntimeError(f"Apicurio is not installed ({HOME} is absent): run ./do services install apicurio-3.0")
        super().__init__("Apicurio")
        self.port = free_port()
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self):
        runner = next(HOME.glob("apicurio-registry-app-*-runner.jar"))
        return self._run(["java", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dquarkus.http.host=127.0.0.1",
                          f"-Dquarkus.http.port={self.port}", "-jar", str(runner)])

    # Use

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/apis/ccompat/v7"

    def names(self):
        """Of the subjects there are."""
        return self.ask("GET", "/subjects")

    def versions(self, subject):
        return self.ask("GET", f"/subjects/{urllib.parse.quote(subject)}/versions")

    def schema(self, subject):
        """The text of the last one that was registered."""
        return self.ask("GET", f"/subjects/{urllib.parse.quote(subject)}/versions/latest")["schema"]
