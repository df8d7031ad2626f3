"""Runs programs and measures them as whole processes: wall clock, CPU and memory as the kernel accounts them."""

import contextlib
import os
import statistics
import subprocess
import threading
import time


class Run:
    def __init__(self, wall, cpu, peak_kb, output):
        self.wall = wall
        self.cpu = cpu
        self.peak_kb = peak_kb
        self.output = output


class Peak(threading.Thread):
    """The most memory that was resident, looked up every 20 ms; ru_maxrss begins with what this process has."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.kb = pid, 0
        self.start()

    def run(self):
        with contextlib.suppress(OSError, StopIteration):
            while True:
                with open(f"/proc/{self.pid}/status") as status:
                    self.kb = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
                time.sleep(0.02)


def run(argv, cpus=None, stdout=subprocess.DEVNULL, env=None):
    """Runs argv to its end on the given processors; raises when it fails."""
    def pin():
        if cpus is not None:
            os.sched_setaffinity(0, cpus)
    begin = time.monotonic()
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, preexec_fn=pin,
                               env=env)
    peak = Peak(process.pid)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - begin
    peak.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, argv))} ended with {process.returncode}:\n{errors.decode(errors='replace')}")
    return Run(wall, usage.ru_utime + usage.ru_stime, peak.kb, errors)


def side_by_side(first, second, runs):
    """Runs the two callables in turn, first second first second …, after one warm-up each; two lists of Runs. Taking turns
    keeps a machine whose speed drifts from favouring one of them."""
    first(), second()
    ones, twos = [], []
    for _ in range(runs):
        ones.append(first())
        twos.append(second())
    return ones, twos


def median(runs, field="wall"):
    return statistics.median(getattr(r, field) for r in runs)


def ratio(ours, theirs, field="wall"):
    """How many times longer theirs took: median, least and most of the pairs."""
    pairs = sorted(getattr(b, field) / getattr(a, field) for a, b in zip(ours, theirs))
    return statistics.median(pairs), pairs[0], pairs[-1]


def resident_kb(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))]


def machine():
    with open("/proc/cpuinfo") as info:
        model = next((line.partition(":")[2].strip() for line in info if line.startswith("model name")), "unknown")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    return f"{os.cpu_count()} cores ({model}), {memory} GiB"


