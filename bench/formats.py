"""What each format costs beside json: one log to the format's messages, on one processor, in turns."""

import pathlib
import re
import shutil
import tempfile

import timing
import workload
from server import Server

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Beside each format as it is by default, what is dearest of it.
VARIANTS = {
    "json": [["layout=flat"], ["layout=changed"]],
    "debezium": [["schemas=true"], ["unwrap=true"], ["encoding=avro"], ["encoding=protobuf"]],
    "canal": [["strict=true"], ["flat_message=false"]],
    "sql": [["direction=undo"]],
}


def ways():
    """(what it is called, its arguments) of every format that the program has."""
    for name in re.findall(r"^FORMAT\((\w+)\)", (ROOT / "src/format/formats.def").read_text(), re.M):
        yield name, ["--format", name]
        for settings in VARIANTS.get(name, []):
            yield f"{name}, {', '.join(settings)}", ["--format", name, *(word for s in settings for word in ("--set", s))]


class FormatBench:
    def __init__(self, options, sluice):
        self.options, self.sluice = options, sluice

    def run(self):
        lines = ["| format | time | beside json | bytes a change | `cat` of the messages |", "|---|---|---|---|---|"]
        with Server(self.options.server, workload.SERVER_OPTIONS, full=True) as server, \
                tempfile.TemporaryDirectory(prefix="sluice-bench-") as folder:
            log = pathlib.Path(folder) / "binlog.000001"
            shutil.copy(workload.build(server, self.options.rows), log)
            base = [self.sluice, "decode", str(log)]
            for name, words in ways():
                out = pathlib.Path(folder) / "out"
                size = self.size([*base, *words], out)
                # What no program that hands these bytes on can undercut.
                copying = timing.median([timing.run(["cat", str(out)], cpus={0}) for _ in range(self.options.runs)])
                json, other = timing.side_by_side(lambda: timing.run(base, cpus={0}), lambda: timing.run([*base, *words], cpus={0}),  # noqa: B023
                                                  self.options.runs)
                middle, least, most = timing.ratio(json, other)
                lines.append(f"| {name} | {timing.median(other):.3f} s | {middle:.2f} times ({least:.2f} to {most:.2f}) | "
                             f"{size / 3 / self.options.rows:.0f} | {copying:.3f} s |")
                print(lines[-1], flush=True)
        return (f"Machine: {timing.machine()}. Log of {self.options.server}, {3 * self.options.rows:,} changes; one processor each, medians of "
                f"{self.options.runs} alternating runs, in brackets the least and the most. Target: at most twice the time of json.\n\n"
                + "\n".join(lines))

    def size(self, argv, out):
        with open(out, "wb") as file:
            timing.run(argv, stdout=file)
        return out.stat().st_size
