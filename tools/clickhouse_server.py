"""Starts ClickHouse on free loopback ports in a temporary folder: Debian's server, or the engine of a current version, which is
published as a library, behind an HTTP server of ours (tools/clickhouse).

    with ClickHouse("26.5") as house:
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

OLD, CURRENT = "18.16", "26.5"
VERSIONS = (OLD, CURRENT)
DEBIAN = pathlib.Path("/usr/sbin/clickhouse-server")
ENGINE = pathlib.Path(__file__).parent / "clickhouse/http_engine.py"

CONFIG = """<yandex>
  <logger><level>warning</level><console>1</console></logger>
  <listen_host>127.0.0.1</listen_host>
  <http_port>{http}</http_port><tcp_port>{tcp}</tcp_port><interserver_http_port>{inner}</interserver_http_port>
  <path>{folder}/data/</path><tmp_path>{folder}/tmp/</tmp_path><format_schema_path>{folder}/formats/</format_schema_path>
  <mark_cache_size>67108864</mark_cache_size>
  <default_profile>default</default_profile><default_database>default</default_database>
  <users_config>{folder}/users.xml</users_config>
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


def home_of(version):
    home = SERVERS / f"clickhouse-{version}"
    if not home.exists():
        raise RuntimeError(f"ClickHouse is not installed ({home} is absent): run ./do services install {home.name}")
    return home


def old_server():
    """argv of the server up to its options."""
    if DEBIAN.exists():
        return [str(DEBIAN)]
    unpacked = Unpacked(home_of(OLD).name, "clickhouse", "clickhouse-server")
    return unpacked.loader(unpacked.program())


class ClickHouse(Daemon):
    """A running server. The old one has a user `shop`, too."""

    def __init__(self, version=OLD):
        super().__init__(f"ClickHouse {version}")
        self.version = version
        self.port = free_port()
        try:
            if version == OLD:
                (self.folder / "users.xml").write_text(USERS.format(password=PASSWORD))
                (self.folder / "config.xml").write_text(CONFIG.format(http=self.port, tcp=free_port(), inner=free_port(),
                                                                      folder=self.folder))
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self):
        if self.version == OLD:
            return self._run([*old_server(), f"--config-file={self.folder}/config.xml"])
        return self._run([sys.executable, str(ENGINE), str(home_of(self.version) / "chdb"), str(self.folder / "data"), str(self.port)])

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
        """As dicts; 64-bit numbers are strings."""
        return [json.loads(line) for line in self.ask(query + " FORMAT JSONEachRow", output_format_json_quote_64bit_integers=1).splitlines()]
