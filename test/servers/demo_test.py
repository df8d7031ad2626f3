"""The newcomer's demo, without a terminal and on one."""

import os
import pathlib
import pty
import signal
import subprocess
import sys
import tempfile
import threading
import time

import pytest
from lib.sluice import BINARY, ROOT

DEMO = [sys.executable, str(ROOT / "tools/demo.py")]
SECONDS = 90


@pytest.fixture
def environment():
    """A temporary folder for all that the demo makes (of a short name: socket paths have at most 107 bytes); it must be
    empty afterwards."""
    with tempfile.TemporaryDirectory(prefix="d-") as folder:
        yield {**os.environ, "TMPDIR": folder, "SLUICE_BINARY": str(BINARY)}
        assert list(pathlib.Path(folder).iterdir()) == []


def test_it_ends_by_itself_where_stdout_is_no_terminal(environment):
    done = subprocess.run(DEMO, capture_output=True, text=True, timeout=SECONDS, stdin=subprocess.DEVNULL, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "300 orders in the table, 300 of them came as changes: 0 missing, in order" in done.stdout
    assert "\033" not in done.stdout
    assert done.stdout.count('"op":"ddl"') == 5
    commands = done.stdout.partition("To try next:\n")[2].splitlines()[::2]
    assert len(commands) == 3


def test_a_reader_that_leaves_ends_it(environment):
    process = subprocess.Popen(DEMO, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, env=environment)
    process.stdout.readline()
    process.stdout.close()
    process.wait(SECONDS)
    assert process.stderr.read().decode() == ""


def test_ctrl_c_closes_the_shop_on_a_terminal(environment):
    screen, terminal = pty.openpty()
    process = subprocess.Popen(DEMO, stdin=terminal, stdout=terminal, stderr=terminal, env={**environment, "TERM": "xterm"},
                               start_new_session=True)
    os.close(terminal)
    shown = []
    reader = threading.Thread(target=read_all, args=[screen, shown], daemon=True)
    reader.start()
    end = time.monotonic() + SECONDS
    while "Ctrl-C closes it" not in "".join(shown):
        assert process.poll() is None and time.monotonic() < end, "".join(shown)
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    assert process.wait(SECONDS) == 0
    reader.join(SECONDS)
    os.close(screen)
    text = "".join(shown)
    assert "build/sluice tail mariadb://root@127.0.0.1:" in text
    assert "\033[32m" in text  # an insert is green
    assert text.rstrip().endswith("Closed; the server and its folder are gone.")


def read_all(screen, shown):
    """Until the terminal's other side is closed, which a pty reports as an error."""
    while True:
        try:
            shown.append(os.read(screen, 65536).decode(errors="replace"))
        except OSError:
            return
