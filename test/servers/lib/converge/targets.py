"""The targets: how each is started, told of in the configuration, disturbed, and asked for its rows."""

import base64
import contextlib
import pathlib
import sqlite3
import time

from clickhouse_server import ClickHouse
from opensearch_server import OpenSearch
from postgresql_server import PostgreSQL
from server import Server

from lib.converge.values import BYTES, rows_of_mysql
from lib.fault_proxy import FaultProxy
from lib.redis import Redis, Wire

DATABASE = "shop"
EVERYWHERE, MIRRORS_ALONE = "c_", "m_"  # how names of tables begin
UTC = "set time_zone = '+00:00', names utf8mb4"


class Target:
    """A server behind a proxy. `mirror`: it takes the tables that only mirrors can follow, too."""

    mirror = False
    without = ()  # tables that it is not given
    locks = None  # a function(dice) that gets in the mirror's way for a moment

    def __init__(self, server):
        self.server = server
        self.proxies = [FaultProxy(server.port)]

    @property
    def port(self):
        """Where Sluice finds it."""
        return self.proxies[0].port

    def has(self, table):
        return (self.mirror or table.startswith(EVERYWHERE)) and table not in self.without

    def tables(self):
        """As the configuration has them."""
        return [f"{DATABASE}.{'' if self.mirror else EVERYWHERE}*", *(f"!{DATABASE}.{table}" for table in self.without)]

    def differences(self, rows):
        """Lines about what it keeps beside the rows, which are {Table: rows of the source}."""
        return []

    def fail(self, dice):
        """Dies and comes back."""
        self.server.kill9()
        time.sleep(dice.uniform(0, 1))
        self.server.start()

    def close(self):
        for proxy in self.proxies:
            proxy.close()
        self.server.close()


class Mysql(Target):
    mirror = True
    KIND = "mariadb-10.11"

    def __init__(self, folder):
        super().__init__(Server(self.KIND, ["--skip-log-bin"]))

    def lines(self):
        return ["sink: mysql", f"url: {self.server.kind.flavour}://root@127.0.0.1:{self.port}/sluice", "keyless: match", "connections: 3"]

    def rows(self, table):
        with contextlib.closing(self.server.connect(conv={}, init_command=UTC)) as connection:
            return rows_of_mysql(connection, DATABASE, table)

    def make_unique(self, table, column):
        self.server.sql(f"create unique index other_{column} on {DATABASE}.{table} ({column})")

    def locks(self, dice):
        with contextlib.closing(self.server.connect(database=DATABASE, autocommit=False)) as connection, connection.cursor() as cursor:
            cursor.execute("set innodb_lock_wait_timeout = 2")
            for row in dice.sample(range(400), 20):
                cursor.execute(f"select * from c_main where id = {row} for update")
            connection.rollback()


class Postgresql(Target):
    mirror = True

    def __init__(self, folder):
        super().__init__(PostgreSQL())

    def lines(self):
        return ["sink: postgresql", f"url: postgresql://postgres@127.0.0.1:{self.port}/postgres", "keyless: match"]

    def rows(self, table):
        words = ", ".join(f'"{name}" at time zone \'UTC\'' if kind == "timestamp" else
                          f'encode("{name}", \'hex\')' if kind in BYTES else f'"{name}"' for name, kind in table.columns.items())
        found = self.server.ask(f'select {words} from "{DATABASE}"."{table.name}"')
        bits = [i for i, kind in enumerate(table.columns.values()) if kind == "bit"]
        return [table.row([int(v, 2) if i in bits and v is not None else v for i, v in enumerate(row)]) for row in found]

    def make_unique(self, table, column):
        self.server.ask(f"create unique index other_{column} on {DATABASE}.{table} ({column})")

    def locks(self, dice):
        with self.server.connect() as session:
            session.ask("begin")
            for row in dice.sample(range(400), 20):
                session.ask(f"select * from {DATABASE}.c_main where id = {row} for update")


class Sqlite(Target):
    mirror = True

    def __init__(self, folder):
        self.path, self.proxies = pathlib.Path(folder) / "mirror.db", []

    def lines(self):
        return ["sink: sqlite", f"path: {self.path}", 'to: "{table}"', "keyless: match"]

    def connect(self):
        return contextlib.closing(sqlite3.connect(self.path, timeout=20, isolation_level=None))

    def rows(self, table):
        def spelt(kind, value):
            return value.hex() if isinstance(value, bytes) else value if value is None or kind in ("float", "double") else str(value)
        with self.connect() as connection:
            found = connection.execute(f"select {table.select('{}', '{}')} from `{table.name}`").fetchall()
        return [table.row([spelt(kind, value) for kind, value in zip(table.columns.values(), row)]) for row in found]

    def make_unique(self, table, column):
        with self.connect() as connection:
            connection.execute(f"create unique index other_{column} on {table} ({column})")

    def locks(self, dice):
        with self.connect() as connection:
            connection.execute("begin immediate")
            time.sleep(dice.uniform(0.05, 0.4))
            connection.execute("rollback")

    fail = None

    def close(self):
        pass


class RedisCache(Target):
    """A master and a replica, which change their parts when the master dies for good."""

    LOOKUP = "by_who:"

    def differences(self, rows):
        want = {}
        for table, ours in rows.items():
            if "who" in table.columns and self.has(table.name):
                at = [*table.columns].index("who")
                for row in ours:
                    if row[at] is not None:
                        want.setdefault(self.LOOKUP + row[at], set()).add(f"{DATABASE}:{table.name}:{row[table.at[0]]}")
        with Wire(self.servers[0].port) as wire:
            keys = wire.keys(self.LOOKUP + "*")
            found = {key.decode(): {member.decode() for member in members}
                     for key, members in zip(keys, wire.ask_all([("smembers", key) for key in keys]))}
        return [f"  look-up {key!r}: lacks {sorted(want.get(key, set()) - found.get(key, set()))[:5]}, "
                f"has {sorted(found.get(key, set()) - want.get(key, set()))[:5]} too many"
                for key in sorted({*want, *found}) if want.get(key) != found.get(key)][:10]

    def __init__(self, folder):
        self.servers = []
        for name in ("redis-a", "redis-b"):
            (pathlib.Path(folder) / name).mkdir()
            self.servers.append(Redis(pathlib.Path(folder) / name, "--appendfsync", "everysec"))
        self.proxies = [FaultProxy(server.port) for server in self.servers]
        self.follow()

    def follow(self):
        master, replica = self.servers
        replica.ask("replicaof", "127.0.0.1", str(master.port))

    def lines(self):
        urls = ",".join(f"redis://127.0.0.1:{proxy.port}/0" for proxy in self.proxies)
        return ["sink: redis_cache", f"url: {urls}", "replicas: 1", "timeout: 5s", f'lookups: ["{self.LOOKUP}{{column:who}}"]']

    def fail(self, dice):
        """The master dies; half of the time its replica takes its place, and it comes back as the other's replica."""
        master, replica = self.servers
        # One that is being filled anew has lost what it had.
        can_follow = "master_link_status:up" in replica.cli("info", "replication")
        master.kill9()
        if can_follow and dice.random() < 0.5:
            replica.ask("replicaof", "no", "one")
            self.servers.reverse()
        time.sleep(dice.uniform(0, 1))
        master.start()
        self.follow()

    def rows(self, table):
        def spelt(kind, value):
            return value if value is None else value.hex() if kind in BYTES else value.decode()
        with Wire(self.servers[0].port) as wire:
            keys = wire.keys(f"{DATABASE}:{table.name}:*")
            rows = []
            for key, fields in zip(keys, wire.ask_all([("hgetall", key) for key in keys])):
                row = {name.decode(): value for name, value in zip(fields[::2], fields[1::2])}
                values = [spelt(kind, row.pop(name, None)) for name, kind in table.columns.items()]
                rows.append(table.row(values) + tuple(sorted(row)))
        return rows

    def close(self):
        for each in (*self.proxies, *self.servers):
            each.close()


class Elasticsearch(Target):
    def __init__(self, folder):
        super().__init__(OpenSearch({"thread_pool.write.queue_size": "20"}))

    def lines(self):
        return ["sink: elasticsearch", f"url: http://127.0.0.1:{self.port}", "create: true", "connections: 3", "max_changes: 500"]

    def rows(self, table):
        def spelt(kind, value):
            if value is None or kind in ("float", "double"):
                return value
            if kind in BYTES:
                return base64.b64decode(value).hex()
            if kind in ("datetime", "timestamp"):
                return value.replace("T", " ").removesuffix("Z")
            return value if kind == "json" else str(value)
        rows = []  # of tables with fewer than the 10,000 that a search shows
        for document, _ in self.server.documents(f"{DATABASE}-{table.name}").values():
            values = [spelt(kind, document.pop(name, None)) for name, kind in table.columns.items()]
            rows.append(table.row(values) + tuple(sorted(document)))
        return rows


class Clickhouse(Target):
    # Rows that it was told to truncate come back when it dies, see docs/sinks/clickhouse.md.
    without = ("c_wide",)

    def __init__(self, folder):
        super().__init__(ClickHouse())

    def lines(self):
        return ["sink: clickhouse", f"url: http://127.0.0.1:{self.port}", "types: basic", "few_rows: 100", "interval: 100ms"]

    def rows(self, table):
        names = ", ".join(f"hex({name}) AS {name}" if kind in BYTES else f"toString({name}) AS {name}" for name, kind in table.columns.items())
        try:
            found = self.server.rows(f"SELECT {names} FROM {DATABASE}.{table.name} FINAL WHERE _deleted = 0")
        except OSError as fault:
            if "Code: 60" in str(fault) or "Code: 81" in str(fault):  # nothing has come yet
                return []
            raise
        return [table.row([row[name] for name in table.columns]) for row in found]


TARGETS = {"mysql": Mysql, "postgresql": Postgresql, "sqlite": Sqlite, "redis_cache": RedisCache, "elasticsearch": Elasticsearch,
           "clickhouse": Clickhouse}
