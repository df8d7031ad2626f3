"""From a commit to its line: one process writes rows and notes when each commit returned, another reads the lines that
`sluice tail` prints and notes when each arrived. Both clocks are the machine's monotonic one."""

import contextlib
import json
import multiprocessing
import subprocess
import time


def reader(pipe, expected, result):
    """Notes for each `id` when its line was read."""
    arrived = {}
    with pipe:
        for line in pipe:
            now = time.monotonic()
            change = json.loads(line)
            if change["op"] == "insert":
                arrived[change["after"]["id"]] = now
                if len(arrived) == expected:
                    break
    result.send(arrived)


def write_rows(server, count, pause, first):
    """Inserts one row each `pause` seconds; {id: (before the statement, after its commit)}."""
    times = {}
    with contextlib.closing(server.connect()) as connection, connection.cursor() as cursor:
        due = time.monotonic()
        for i in range(first, first + count):
            due += pause
            left = due - time.monotonic()
            if left > 0:
                time.sleep(left)
            begin = time.monotonic()
            cursor.execute(f"insert into bench.latency values ({i}, 'a row that tells how late it came')")
            times[i] = (begin, time.monotonic())
    return times


def measure(sluice, server, count, pause):
    """Seconds for each row: (from its commit's answer to its line, from its statement to its line)."""
    server.sql("create database if not exists bench; drop table if exists bench.latency;"
               "create table bench.latency (id int primary key, note varchar(80))")
    tail = subprocess.Popen([sluice, "tail", server.url, "--tables", "bench.latency"], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)
    try:
        ready(tail)
        ours, theirs = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.Process(target=reader, args=(tail.stdout, count, theirs))
        process.start()
        times = write_rows(server, count, pause, 1)
        if not ours.poll(30):
            raise RuntimeError("not all lines arrived within 30 s of the last commit")
        arrived = ours.recv()
        process.join()
    finally:
        tail.kill()
        tail.wait()
    return ([arrived[i] - done for i, (_, done) in times.items()], [arrived[i] - begin for i, (begin, _) in times.items()])


def ready(tail):
    """Waits for the line with which `tail` says on stderr that it reads."""
    while True:
        line = tail.stderr.readline()
        if not line:
            raise RuntimeError("sluice tail ended before it was ready")
        if b"reading" in line:
            return
