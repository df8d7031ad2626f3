"""Test servers that stay: start, stop, status, reset. See ./do services --help."""

import os
import pathlib
import shutil
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from daemon import STOP_SECONDS, free_port, port_is_free  # noqa: E402
from server import Server  # noqa: E402
from server_kinds import CACHE, KINDS, kind_of  # noqa: E402

SERVICES = CACHE / "services"
PREFERRED_PORTS = {"mariadb-10.11": 13310, "mariadb-11.8": 13311, "mysql-9.7": 13397, "mysql-5.6": 13356}


def folder_of(kind):
    return SERVICES / kind


def running_pid(kind):
    """The process id, when the process that the pid file names is really this server."""
    try:
        pid = int((folder_of(kind) / "pid").read_text())
        command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if f"--datadir={folder_of(kind)}/data".encode() in command else None


def url_of(kind):
    return (folder_of(kind) / "url").read_text().strip()


def start(kind):
    if not running_pid(kind):
        folder_of(kind).mkdir(parents=True, exist_ok=True)
        preferred = PREFERRED_PORTS[kind]
        server = Server(kind, full=True, gtid=True, folder=folder_of(kind), keep=True,
                        port=preferred if port_is_free(preferred) else free_port())
        (folder_of(kind) / "url").write_text(server.url + "\n")
    status(kind)


def stop(kind):
    pid = running_pid(kind)
    if pid:
        os.kill(pid, signal.SIGTERM)
        end = time.monotonic() + STOP_SECONDS
        while running_pid(kind):
            if time.monotonic() > end:
                raise RuntimeError(f"{kind} (process {pid}) did not stop within {STOP_SECONDS} s")
            time.sleep(0.05)
    status(kind)


def reset(kind):
    stop(kind)
    shutil.rmtree(folder_of(kind), ignore_errors=True)


def status(kind):
    pid = running_pid(kind)
    state = f"{url_of(kind)}  (process {pid}, socket {folder_of(kind)}/s.sock)" if pid else "stopped"
    print(f"{kind:<14} {state}", flush=True)


def main(action, kinds):
    for kind in kinds or KINDS:
        if action == "start":
            kind_of(kind)
        elif kind not in KINDS:
            sys.exit(f"no server kind '{kind}'; there are {', '.join(KINDS)}")
        {"start": start, "stop": stop, "status": status, "reset": reset}[action](kind)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
