"""The database servers that tests and demos start: where each one's programs are and how its first data folder is made.

MariaDB 10.11 is Debian's own. The others are unpacked under the cache folder (tools/do.d/lib/servers.sh) and run by their own
dynamic loader, so that nothing of the system changes.
"""

import os
import pathlib
import shutil
import subprocess

CACHE = pathlib.Path(os.environ.get("SLUICE_CACHE") or pathlib.Path.home() / ".cache/sluice")
SERVERS = CACHE / "servers"

# The kernel's asynchronous I/O has one bound for the whole machine (fs.aio-max-nr), and a dozen servers at once exceed it.
NO_AIO = "--innodb-use-native-aio=OFF"

# For servers whose data is thrown away: a killed server keeps what the kernel has, and that is all a test asks of it.
COMMON = [
    NO_AIO,
    "--bind-address=127.0.0.1",
    "--log-bin=binlog",
    "--binlog-format=ROW",
    "--sync-binlog=0",
    "--innodb-flush-log-at-trx-commit=2",
    "--innodb-buffer-pool-size=128M",
    "--max-allowed-packet=512M",
    "--secure-file-priv=",
]


class Kind:
    """One server version: its command lines. `home` is the folder that must exist for it to be installed."""

    def __init__(self, name, flavour, home):
        self.name = name
        self.flavour = flavour
        self.home = home

    @property
    def full_metadata(self):
        """Options that make the log carry column names; MySQL 5.6 has none."""
        return [] if self.name == "mysql-5.6" else ["--binlog-row-metadata=FULL"]

    @property
    def gtid(self):
        """Options that turn GTIDs on; MariaDB always has them."""
        if self.flavour == "mariadb":
            return []
        return ["--gtid-mode=ON", "--enforce-gtid-consistency"] + (
            ["--log-slave-updates"] if self.name == "mysql-5.6" else [])

    def server(self):
        """argv of the server up to, and without, its data folder."""
        raise NotImplementedError

    def environment(self):
        return dict(os.environ)

    def mysqlbinlog(self):
        raise NotImplementedError

    def initialise(self, data):
        """Fills the new folder `data` with an empty database whose root has no password."""
        raise NotImplementedError

    def installed(self):
        return self.home.exists()

    def stamp(self):
        """Changes when the server's program does."""
        found = (self.home if self.home.is_file() else self.program()).stat()
        return f"{found.st_size:x}-{int(found.st_mtime):x}"


def as_root():
    return ["--user=root"] if os.geteuid() == 0 else []


def run(argv, **more):
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    if done.returncode:
        raise RuntimeError(f"{argv[0]} ended with {done.returncode}:\n{done.stdout[-2000:]}")


class DebianMariadb(Kind):
    """The packages mariadb-server-core and mariadb-client; neither of them brings a daemon that starts by itself."""

    def __init__(self):
        super().__init__("mariadb-10.11", "mariadb", pathlib.Path("/usr/sbin/mariadbd"))

    def server(self):
        # auth_ed25519 is in the package with the daemon; where that is not installed, its plugins are unpacked.
        plugins = pathlib.Path("/usr/lib/mysql/plugin")
        if not (plugins / "auth_ed25519.so").exists():
            plugins = SERVERS / "mariadb-10.11-plugins/usr/lib/mysql/plugin"
        return [str(self.home), "--no-defaults", *as_root(), f"--plugin-dir={plugins}"]

    def mysqlbinlog(self):
        return ["/usr/bin/mariadb-binlog", "--no-defaults"]

    def initialise(self, data):
        # --force: even where the host's own name has no address
        run(["/usr/bin/mariadb-install-db", "--no-defaults", "--force", *as_root(), f"--datadir={data}",
             "--auth-root-authentication-method=normal", "--skip-test-db", NO_AIO])


class Unpacked(Kind):
    """A tree of packages of another Debian suite."""

    def __init__(self, name, flavour, program):
        super().__init__(name, flavour, SERVERS / name)
        self._program = program

    def program(self):
        return self.home / "usr/sbin" / self._program

    def loader(self, program):
        # Debian 12 has the loader and libc in /lib still, which its installer merges with /usr/lib; later suites do not.
        folders = [folder for part in ("usr/lib", "lib") if (folder := self.home / part / "x86_64-linux-gnu").exists()]
        loader = next(folder / "ld-linux-x86-64.so.2" for folder in folders if (folder / "ld-linux-x86-64.so.2").exists())
        return [str(loader), "--library-path", ":".join(map(str, folders)), str(program)]


class MariadbTree(Unpacked):
    SCRIPTS = ["mariadb_system_tables.sql", "mariadb_performance_tables.sql", "mariadb_system_tables_data.sql",
               "fill_help_tables.sql", "maria_add_gis_sp_bootstrap.sql", "mariadb_sys_schema.sql"]

    def server(self):
        return [*self.loader(self.program()), "--no-defaults", *as_root(), f"--basedir={self.home}/usr",
                f"--lc-messages-dir={self.home}/usr/share/mariadb", f"--plugin-dir={self.home}/usr/lib/mysql/plugin"]

    def mysqlbinlog(self):
        return [*self.loader(self.home / "usr/bin/mariadb-binlog"), "--no-defaults"]

    def initialise(self, data):
        texts = [(self.home / "usr/share/mariadb" / script).read_text() for script in self.SCRIPTS]
        head = "create database mysql;\nuse mysql;\nset @auth_root_socket=NULL;\nset @current_hostname='localhost';\n"
        run([*self.server(), f"--datadir={data}", "--bootstrap", "--silent-startup", NO_AIO], input=head + "".join(texts))


class MysqlTree(Unpacked):
    def server(self):
        return [*self.loader(self.program()), "--no-defaults", *as_root(), f"--basedir={self.home}/usr",
                f"--lc-messages-dir={self.home}/usr/share/mysql", "--mysqlx=OFF"]

    def mysqlbinlog(self):
        return [*self.loader(self.home / "usr/bin/mysqlbinlog"), "--no-defaults"]

    def initialise(self, data):
        run([*self.server(), f"--datadir={data}", "--initialize-insecure", "--secure-file-priv=", NO_AIO,
             "--innodb-redo-log-capacity=33554432"])


class Mysql56(Kind):
    """A folder with the server, its libraries and a data folder ready to copy."""

    def __init__(self):
        super().__init__("mysql-5.6", "mysql", SERVERS / "mysql-5.6")

    def program(self):
        return self.home / "mysqld"

    def environment(self):
        return dict(os.environ, LD_LIBRARY_PATH=str(self.home))

    def server(self):
        return [str(self.program()), "--no-defaults", *as_root(), f"--basedir={self.home}",
                f"--lc-messages-dir={self.home}/share", "--explicit-defaults-for-timestamp=OFF"]

    def mysqlbinlog(self):
        return KINDS["mysql-9.7"].mysqlbinlog()  # none of its own; the newer one reads the older log

    def initialise(self, data):
        shutil.copytree(self.home / "data/mysql", data, dirs_exist_ok=True)
        for path in [data, *data.rglob("*")]:
            path.chmod(0o700 if path.is_dir() else 0o600)


KINDS = {kind.name: kind for kind in [
    DebianMariadb(), MariadbTree("mariadb-11.8", "mariadb", "mariadbd"), MysqlTree("mysql-9.7", "mysql", "mysqld"),
    Mysql56()]}


def kind_of(name):
    kind = name if isinstance(name, Kind) else KINDS.get(name)
    if kind is None:
        raise ValueError(f"no server kind '{name}'; there are {', '.join(KINDS)}")
    if not kind.installed():
        raise RuntimeError(f"{name} is not installed ({kind.home} is absent): run ./do services install")
    return kind


def options_of(kind):
    """COMMON in the words of this kind."""
    if kind.name == "mysql-9.7":  # ROW is its only format, and naming it is deprecated
        return [o for o in COMMON if not o.startswith("--binlog-format")] + ["--innodb-redo-log-capacity=33554432"]
    if kind.name == "mysql-5.6":  # an empty --secure-file-priv is a path to it
        return [o for o in COMMON if not o.startswith("--secure-file")] + ["--innodb-log-file-size=16M"]
    return COMMON + ["--innodb-log-file-size=32M"]
