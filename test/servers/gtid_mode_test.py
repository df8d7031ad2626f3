"""MySQL's gtid_mode goes from ON to OFF and back, while Sluice reads and while it is stopped: nothing is lost, nothing comes twice,
and what the server refuses to send meanwhile is waited for."""

import json
import time

import pytest

from lib.sluice import WAIT_SECONDS, Sluice

ORDER = ["OFF", "OFF_PERMISSIVE", "ON_PERMISSIVE", "ON"]


class Shop:
    """A server with a table that is written to, and a pipeline which reads it."""

    def __init__(self, server, folder):
        self.server, self.folder, self.written = server, folder, 0
        server.sql("create database shop; create table shop.t (id int primary key)")
        (folder / "sluice.yaml").write_text(
            f'state: ./state\nsource: {{url: "{server.url}"}}\ntables: ["shop.*"]\nddl: false\n'
            "sinks: {out: {sink: file, path: ./out}}\n")

    def mode(self, wanted):
        """As the server wants it, step by step."""
        at = ORDER.index(self.server.sql("select @@global.gtid_mode")[0][0])
        while ORDER[at] != wanted:
            at += 1 if ORDER.index(wanted) > at else -1
            self.server.sql(f"set global gtid_mode={ORDER[at]}")

    def write(self, rows=3):
        for _ in range(rows):
            self.server.sql(f"insert into shop.t values ({self.written})")
            self.written += 1

    def run(self):
        return Sluice("run", self.folder / "sluice.yaml")

    def read(self, process):
        """Waits until everything written is there, once and in its order."""
        path, end = self.folder / "out", time.monotonic() + WAIT_SECONDS
        while True:
            found = [json.loads(line)["after"]["id"] for line in path.read_text().splitlines()] if path.exists() else []
            if found == list(range(self.written)):
                return
            assert time.monotonic() < end and process.process.poll() is None, f"{found} of {self.written}\n{process.stderr}"
            time.sleep(0.05)

    def read_on(self):
        with self.run() as process:
            self.read(process)
            assert process.terminate() == 0, process.stderr


@pytest.fixture
def shop(start_server, tmp_path):
    shop = Shop(start_server("mysql-9.7", gtid=True, full=True), tmp_path)
    with shop.run() as process:
        process.wait_for_error("reading ")
        shop.write()
        shop.read(process)
        assert process.terminate() == 0, process.stderr
    return shop


def test_it_goes_off_and_on_while_sluice_is_stopped(shop):
    for mode in [*ORDER[2::-1], *ORDER[1:]]:
        shop.mode(mode)
        shop.write()
        shop.read_on()


def test_it_goes_off_and_on_while_sluice_reads(shop):
    with shop.run() as process:
        for mode in [*ORDER[2::-1], *ORDER[1:], "OFF_PERMISSIVE", "ON"]:
            shop.mode(mode)
            shop.write()
            shop.read(process)
        assert process.terminate() == 0, process.stderr
    shop.write()
    shop.read_on()


def test_what_the_server_does_not_send_is_waited_for(shop):
    """With gtid_mode=ON it sends no transaction without a GTID, with OFF none that has one, whoever reads it and how."""
    shop.mode("OFF")
    shop.write()
    shop.mode("ON")
    shop.write()
    with shop.run() as process:
        process.wait_for_error("run SET GLOBAL gtid_mode = ON_PERMISSIVE until the transactions without one are read")
        time.sleep(2)
        assert process.stderr.count("Cannot replicate anonymous") <= 2 and "reads again" not in process.stderr, process.stderr
        shop.mode("ON_PERMISSIVE")
        shop.read(process)
        process.kill9()
    shop.mode("ON")
    shop.write()
    shop.read_on()
    shop.write()
    shop.mode("OFF")
    with shop.run() as process:
        process.wait_for_error("run SET GLOBAL gtid_mode = OFF_PERMISSIVE until the transactions that have one are read")
        shop.mode("OFF_PERMISSIVE")
        shop.read(process)
