"""What a running pipeline shows: /metrics and /health over HTTP, `sluice status` with its lag, and --watch."""

import json
import re
import subprocess
import time
import urllib.error
import urllib.request

import pytest

from lib.sluice import BINARY, WAIT_SECONDS, run

SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)+)\})? (\S+)')


@pytest.fixture
def server(shared, database):
    server = shared("mariadb-10.11", full=True, gtid=True)
    server.sql(f"create database {database}; create table {database}.t (id int primary key)")
    return server


def configure(folder, server, database, *lines, path="./out.jsonl"):
    config = folder / "sluice.yaml"
    config.write_text("\n".join(["name: shown", "state: ./state", f"source: {{url: '{server.url}', start: earliest}}",
                                 f'tables: ["{database}.t"]', "ddl: false", "sinks:",
                                 f"  out: {{sink: file, path: {path}}}", *lines]) + "\n")
    return config


def page(process, path, token=None):
    """The answer's status and text; of a pipeline that says where it listens."""
    process.wait_for_error("/metrics\n")
    address = re.search(r"metrics at http://(\S+)/metrics", process.stderr)[1].replace("0.0.0.0", "127.0.0.1")
    request = urllib.request.Request(f"http://{address}{path}", headers={"Authorization": f"Bearer {token}"} if token else {})
    try:
        with urllib.request.urlopen(request, timeout=WAIT_SECONDS) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()


def samples(text):
    """{name or (name, labels): value}; each line is a comment or a sample, and each family has its type before it."""
    found, typed = {}, set()
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            typed.add(line.split()[2])
        elif not line.startswith("# HELP "):
            name, labels, value = SAMPLE.fullmatch(line).groups()
            assert name in typed or re.sub("_(bucket|sum|count)$", "", name) in typed, line
            found[(name, labels) if labels else name] = float(value)
    return found


def eventually(condition, what):
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def test_metrics_and_health(server, database, sluice, tmp_path):
    config = configure(tmp_path, server, database, "metrics: 127.0.0.1:0")
    process = sluice("run", config)
    server.sql(f"insert into {database}.t values (1), (2), (3)")
    shown = {}

    def delivered():
        status, text = page(process, "/metrics")
        assert status == 200
        shown.update(samples(text))
        return shown[("sluice_sink_changes_total", 'sink="out"')] == 3
    eventually(delivered, "three changes")
    assert shown["sluice_changes_total"] == 3
    assert shown["sluice_source_connected"] == 1
    assert shown["sluice_resident_bytes"] > 1e6
    eventually(lambda: delivered() and shown[("sluice_sink_behind_seconds", 'sink="out"')] == 0, "no lag")
    assert shown[("sluice_sink_behind_bytes", 'sink="out"')] == 0
    assert page(process, "/health") == (200, "well\n")
    assert page(process, "/")[0] == 404
    delays = {name[1].partition("le=")[2]: count for name, count in shown.items() if name[0] == "sluice_sink_delay_seconds_bucket"}
    assert list(delays.values()) == sorted(delays.values()), "each bound counts all below it"
    assert delays['"+Inf"'] == shown[("sluice_sink_delay_seconds_count", 'sink="out"')] == 1, "one transaction"
    assert 0 < shown[("sluice_sink_delay_seconds_sum", 'sink="out"')] < 60
    documented = set(re.findall(r"^\| `(\w+)`", (BINARY.parent.parent / "docs/metrics.md").read_text(), re.M))
    documented = {name for name in documented if not name.startswith(("sluice_sink_subscribers", "sluice_sink_nats"))}  # of such a sink alone
    assert documented == {re.sub("(?<=delay_seconds)_(bucket|sum|count)$", "", name if isinstance(name, str) else name[0]) for name in shown}


def test_a_sink_in_trouble_is_seen(server, database, sluice, tmp_path):
    """Nobody answers at the target: the sink waits, with its reason in the status, and the lag grows."""
    config = configure(tmp_path, server, database, "  away: {sink: http, url: 'http://127.0.0.1:9/'}", "metrics: '0'")
    process = sluice("run", config)
    server.sql(f"insert into {database}.t values (1)")

    def troubled():
        status, text = page(process, "/health")
        return status == 503 and text.startswith("the sink away is tried again: ")
    eventually(troubled, "the trouble on /health")
    time.sleep(2.1)
    found = samples(page(process, "/metrics")[1])
    assert found[("sluice_sink_troubled", 'sink="away"')] == 1
    assert found[("sluice_sink_troubled", 'sink="out"')] == 0
    assert found[("sluice_sink_behind_seconds", 'sink="away"')] >= 2
    assert found[("sluice_sink_behind_bytes", 'sink="away"')] > 0
    assert found[("sluice_sink_behind_seconds", 'sink="out"')] == 0
    assert found[("sluice_sink_retries_total", 'sink="away"')] >= 1
    sinks = {sink["name"]: sink for sink in json.loads(run("status", config, "--json").stdout)["sinks"]}
    assert sinks["away"]["seconds_behind"] >= 2 and sinks["away"]["bytes_behind"] > 0 and sinks["away"]["retries"] >= 1
    assert sinks["out"]["bytes_behind"] == 0
    table = run("status", config).stdout
    assert re.search(r"\d+ s behind, \d+\.\d MB of the log in hand", table), table


def test_watching(server, database, sluice, tmp_path):
    """One table after the other, until the pipeline ends; the exit code then says that nothing runs."""
    config = configure(tmp_path, server, database)
    process = sluice("run", config)
    process.wait_for_error("reading ")
    watch = subprocess.Popen([BINARY, "status", config, "--watch", "--every", "100ms"], stdout=subprocess.PIPE, text=True)
    lines = iter(watch.stdout.readline, "")
    for _ in range(3):
        assert next(line for line in lines if line.startswith("pipeline ")).startswith("pipeline   shown, pid ")
    process.process.terminate()
    assert list(lines)[-1].startswith("nothing runs in ")
    assert watch.wait() == 1


def test_who_may_listen_and_ask(server, database, sluice, tmp_path):
    for address, reason in [("0.0.0.0:0", "can be reached from other machines; say metrics_token"),
                            ("nowhere", "'nowhere' is no address to listen at; expected HOST:PORT"),
                            ("127.0.0.1:70000", "is no address to listen at")]:
        done = run("run", configure(tmp_path, server, database, f"metrics: {address}"), check=False)
        assert done.returncode == 2, done.stderr
        assert "sluice.yaml:" in done.stderr and reason in done.stderr
        assert run("check", tmp_path / "sluice.yaml", check=False).returncode == 2
    process = sluice("run", configure(tmp_path, server, database, "metrics: 0.0.0.0:0", "metrics_token: geheim"))
    process.wait_for_error("reading ")
    assert page(process, "/metrics")[0] == 401
    assert page(process, "/metrics", "falsch")[0] == 401
    assert page(process, "/metrics", "geheim")[0] == 200
