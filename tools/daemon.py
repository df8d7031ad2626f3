"""A server's process for a test: it lives in a folder of its own on loopback, and never outlives whoever started it."""

import atexit
import contextlib
import ctypes
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

START_SECONDS = 60  # a cold disk and two busy cores; a start takes 0.2 to 3 seconds otherwise
STOP_SECONDS = 60
PREFIX = "sluice-server-"
PR_SET_PDEATHSIG = 1  # prctl(2)


class Daemon:
    """What a kind of server adds: start(), which ends in _run, and answers()."""

    def __init__(self, name, folder=None, *, keep=False):
        """folder: one that somebody else removes; keep: it survives this process."""
        self.name, self.keep = name, keep
        self.process = None
        self.folder, self._lent = pathlib.Path(folder) if folder else new_folder(), folder is not None
        self.log = self.folder / "server.log"
        if not keep:
            atexit.register(self.close)

    def _run(self, argv, **more):
        """Starts it and waits until it answers. more: as Popen has it."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(argv, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True, preexec_fn=None if self.keep else die_with_parent, **more)
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended at its start with {self.process.returncode}:\n{self.log_tail()}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} does not answer after {START_SECONDS} s:\n{self.log_tail()}")
            time.sleep(0.02)
        return self

    @property
    def pid(self):
        return self.process and self.process.pid

    def stop(self):
        """An orderly shutdown; the data stays."""
        self._end(signal.SIGTERM)

    def kill9(self):
        """Death without warning; the data stays."""
        self._end(signal.SIGKILL)

    def pause(self):
        """The process stands still (its sockets stay open) until resume()."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self):
        os.kill(self.process.pid, signal.SIGCONT)

    def _end(self, how):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(how)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise RuntimeError(f"{self.name} did not stop within {STOP_SECONDS} s:\n{self.log_tail()}")

    def close(self):
        """Ends the process at once and removes its own folder. What must be stopped in order is stopped by stop() before."""
        atexit.unregister(self.close)
        with contextlib.suppress(Exception):
            if self.process is not None and self.process.poll() is None:
                self.process.kill()
                self.process.wait()
        if not self._lent:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def log_tail(self, lines=30):
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


def die_with_parent():
    """In the child, before exec: the kernel kills it when the thread that started it ends, however that ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def free_port():
    """A port nobody listens on, below the range the kernel hands out (32768), so that it is still free at a restart."""
    for _ in range(1000):
        port = random.SystemRandom().randrange(14000, 32000)
        if port_is_free(port):
            return port
    raise RuntimeError("no free loopback port between 14000 and 32000")


def port_is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does: TIME_WAIT is no obstacle
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def new_folder():
    """A temporary folder that carries our process id; those of processes that died without cleaning up are removed."""
    base = pathlib.Path(tempfile.gettempdir())
    for folder in base.glob(f"{PREFIX}*"):
        owner = folder.name[len(PREFIX):].partition("-")[0]
        if owner.isdigit() and not pathlib.Path(f"/proc/{owner}").exists():
            shutil.rmtree(folder, ignore_errors=True)
    return pathlib.Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
