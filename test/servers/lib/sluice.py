"""Runs the program under test."""

import json
import os
import pathlib
import queue
import signal
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
BINARY = pathlib.Path(os.environ.get("SLUICE_BINARY") or ROOT / "build/sluice")
WAIT_SECONDS = 30  # for one line on a busy machine; the usual wait is milliseconds


def run(*arguments, check=True, input=None, timeout=120, env=None, cwd=None):
    """Runs sluice to its end. Returns the CompletedProcess with text output; `check` wants exit code 0."""
    done = subprocess.run([str(BINARY), *map(str, arguments)], input=input, capture_output=True, text=True,
                          timeout=timeout, env=environment(env), cwd=cwd)
    if check and done.returncode:
        raise AssertionError(f"sluice {' '.join(map(str, arguments))} ended with {done.returncode}:\n{done.stderr[-4000:]}")
    return done


def environment(more):
    return None if more is None else {**os.environ, **more}


def until(condition, what="it did not come to pass", seconds=WAIT_SECONDS):
    """Waits until it holds. what: it in words, or what tells at the end how far it came."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s: {what() if callable(what) else what}"
        time.sleep(0.02)


class Sluice:
    """A running sluice whose lines on stdout are read as they come. `through` is a command that ends in running another."""

    def __init__(self, *arguments, env=None, cwd=None, through=()):
        self.arguments = [*map(str, through), str(BINARY), *map(str, arguments)]
        self.process = subprocess.Popen(self.arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, env=environment(env), cwd=cwd)
        self._lines = queue.Queue()
        self._errors = []
        self._readers = [threading.Thread(target=self._read_lines, daemon=True),
                         threading.Thread(target=self._read_errors, daemon=True)]
        for reader in self._readers:
            reader.start()

    def _read_lines(self):
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def _read_errors(self):
        for line in self.process.stderr:
            self._errors.append(line)

    @property
    def stderr(self):
        """What it has said on stderr so far."""
        return "".join(self._errors)

    def line(self, timeout=WAIT_SECONDS):
        """The next line of stdout; fails when none comes in time or the program ends."""
        try:
            line = self._lines.get(timeout=timeout)
        except queue.Empty:
            raise AssertionError(f"no line within {timeout} s from {self.arguments}; stderr:\n{self.stderr}") from None
        if line is None:
            self._lines.put(None)
            raise AssertionError(f"{self.arguments} ended with {self.process.wait()}; stderr:\n{self.stderr}")
        return line

    def lines(self, count, timeout=WAIT_SECONDS):
        """The next `count` lines, all within `timeout`."""
        end = time.monotonic() + timeout
        return [self.line(max(0.01, end - time.monotonic())) for _ in range(count)]

    def changes(self, count, timeout=WAIT_SECONDS):
        """The next `count` lines as parsed JSON."""
        return [json.loads(line) for line in self.lines(count, timeout)]

    def quiet(self, seconds):
        """Fails when a line comes within that time."""
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            return
        if line is not None:
            raise AssertionError(f"an unexpected line: {line}")
        self._lines.put(None)

    def rest(self, timeout=WAIT_SECONDS):
        """Every line until the program's end."""
        found = []
        end = time.monotonic() + timeout
        while True:
            try:
                line = self._lines.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"{self.arguments} has not ended within {timeout} s") from None
            if line is None:
                self._lines.put(None)
                return found
            found.append(line)

    def wait_for_error(self, text, timeout=WAIT_SECONDS):
        """Waits until stderr contains `text`."""
        end = time.monotonic() + timeout
        while text not in self.stderr:
            if time.monotonic() > end:
                raise AssertionError(f"stderr lacks '{text}' after {timeout} s:\n{self.stderr}")
            if self.process.poll() is not None:
                self._readers[1].join(timeout)
                if text not in self.stderr:
                    raise AssertionError(f"ended with {self.process.returncode} without '{text}' on stderr:\n{self.stderr}")
            time.sleep(0.01)

    def signal(self, number):
        self.process.send_signal(number)

    def kill9(self):
        self.process.kill()
        self.process.wait()

    def terminate(self, timeout=WAIT_SECONDS):
        """SIGTERM; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait(timeout)

    def wait(self, timeout=WAIT_SECONDS):
        """The exit code, once it has ended by itself and all that it said has been read."""
        code = self.process.wait(timeout)
        for reader in self._readers:
            reader.join(timeout)
        return code

    def resident_mb(self):
        """Resident memory now, in MB (10^6 bytes)."""
        for row in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if row.startswith("VmRSS:"):
                return int(row.split()[1]) * 1024 / 1e6
        raise AssertionError(f"{self.arguments} is not running")

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
