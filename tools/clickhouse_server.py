"""Starts Debian's ClickHouse server on free loopback ports in a temporary folder.

    with ClickHouse() as house:
        house.ask("SELECT 1")
        house.kill9(); house.start()

It never outlives the process that started it, and its folder is removed at close().
"""

import json
import pathlib
import sys
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from daemon import Daemon, free_port  # noqa: E402
from server_kinds import SERVERS, Unpacked  # noqa: E402

DEBIAN, HOME = pathlib.Path("/usr/sbin/clickhouse-server"), SERVERS / "clickhouse-18.16"

CONFIG = """<yandex>
  <logger><level>warning</level><console>1</console></logger>
  <listen_host>127.0.0.1</listen_host>
  <http_port>{http}</http_port><tcp_port>{tcp}</tcp_port><interserver_http_port>{inner}</interserver_http_port>
  <path>{folder}/data/</path><tmp_path>{folder}/tmp/</tmp_path><format_schema_path>{folder}/formats/</format_schema_path>
  <mark_cache_size>67108864</mark_cache_size>
  <default_profile>default</default_profile><default_database>default</default_database>
  <users_config>{folder}/users.xml</users_config>
  {more}
</yandex>
"""
USERS = """<yandex>
  <profiles><default></default></profiles>
  <quotas><default></default></quotas>
  <users>
    <default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default>
    <shop><password>{password}</password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></shop>
  </users>
</yandex>
"""
PASSWORD = "secret of the shop"


def program():
    """argv of the server up to its options."""
    if DEBIAN.exists():
        return [str(DEBIAN)]
    if not HOME.exists():
        raise RuntimeError(f"ClickHouse is not installed ({HOME} is absent): run ./do services install clickhouse-18.16")
    unpacked = Unpacked(HOME.name, "clickhouse", "clickhouse-server")
    return unpacked.loader(unpacked.program())


class ClickHouse(Daemon):
    """A running server. more: further elements of its configuration."""

    def __init__(self, more=""):
        super().__init__("ClickHouse")
        self.port = free_port()
        try:
            (self.folder / "users.xml").write_text(USERS.format(password=PASSWORD))
            (self.folder / "config.xml").write_text(CONFIG.format(http=self.port, tcp=free_port(), inner=free_port(),
                                                                  folder=self.folder, more=more))
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self):
        return self._run([*program(), f"--config-file={self.folder}/config.xml"])

    def answers(self):
        try:
            return self.ask("SELECT 1") == "1\n"
        except OSError:
            return False

    # Use

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def ask(self, query, **settings):
        """The answer's text. A fault of the server's is an OSError with its words."""
        request = urllib.request.Request(f"{self.url}/?{urllib.parse.urlencode(settings)}", query.encode(), method="POST")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.read().decode(errors="replace")
        except urllib.error.HTTPError as fault:
            raise OSError(f"{query[:200]}: {fault.read().decode(errors='replace')[:500]}") from None

    def rows(self, query):
        """As dicts; 64-bit numbers are strings, as this server has them."""
        return [json.loads(line) for line in self.ask(query + " FORMAT JSONEachRow").splitlines()]
