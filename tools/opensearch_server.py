"""Starts a real OpenSearch node on free loopback ports in a temporary folder.

    with OpenSearch() as search:
        search.ask("GET", "/_cat/indices?format=json")
        search.kill9(); search.start()

It has no security, and never outlives the process that started it; its folder is removed at close().
"""

import pathlib
import sys
import time
import urllib.error

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from daemon import START_SECONDS, free_port  # noqa: E402
from json_daemon import JsonDaemon  # noqa: E402
from server_kinds import SERVERS  # noqa: E402


class OpenSearch(JsonDaemon):
    """A running node. settings: more of opensearch.yml."""

    NAME, HOME = "OpenSearch", SERVERS / "opensearch-2.19"
    PROBE = "/_cluster/health?wait_for_status=yellow&timeout=1s"

    def __init__(self, settings=None):
        if not self.HOME.exists():
            raise RuntimeError(f"{self.NAME} is not installed ({self.HOME} is absent): run ./do services install {self.HOME.name}")
        super().__init__(self.NAME)
        self.port = free_port()
        home = self.folder / "home"
        (home / "config").mkdir(parents=True)
        self.settings = {"path.home": home, "path.data": home / "data", "path.logs": home / "logs", "cluster.name": "test", "node.name": "one",
                         "discovery.type": "single-node", "network.host": "127.0.0.1", "http.port": self.port, "transport.port": free_port(),
                         "cluster.routing.allocation.disk.threshold_enabled": "false", "node.store.allow_mmap": "false", **(settings or {})}
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self):
        # A small heap, and a start that does not wait for the best machine code.
        return self._run(["java", "-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", *self.argv(),
                          *(f"{name}={value}" for name, value in self.settings.items())])

    def argv(self):
        """Of java, up to the settings that both have."""
        return ["-Dopensearch.distribution.type=tar", "-cp", f"{self.HOME}/*", str(pathlib.Path(__file__).parent / "opensearch/TestNode.java"),
                "http.type=netty4", "transport.type=netty4"]

    # Use

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def documents(self, index):
        """{_id: (document, version)} of the first 10,000 there are; {} where there is no such index."""
        ask = {"size": 10_000, "version": True, "query": {"match_all": {}}}
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                self.ask("POST", f"/{index}/_refresh")
                hits = self.ask("POST", f"/{index}/_search", ask)["hits"]["hits"]
                return {hit["_id"]: (hit["_source"], hit["_version"]) for hit in hits}
            except urllib.error.HTTPError as fault:
                if fault.code == 404:
                    return {}
                if fault.code != 503 or time.monotonic() > end:  # an index that was just made has no shard yet
                    raise
            time.sleep(0.05)
