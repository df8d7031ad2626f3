"""Starts a real Elasticsearch node on free loopback ports in a temporary folder, as opensearch_server.py does with OpenSearch.

It is the server's core: without the field types of its other modules (unsigned_long), without deletion by query.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from opensearch_server import OpenSearch  # noqa: E402
from server_kinds import SERVERS  # noqa: E402


class Elasticsearch(OpenSearch):
    """A running node."""

    NAME, HOME = "Elasticsearch", SERVERS / "elasticsearch-8.19"

    def argv(self):
        return ["-cp", f"{self.HOME}/core/*", str(pathlib.Path(__file__).parent / "elasticsearch/TestNode.java"), str(self.HOME / "modules")]
