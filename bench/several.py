"""What several sinks at once cost beside one: the log is decoded once."""

import every_sink


def run(bench):
    files(bench)
    wall, cpu, kb = every_sink.run(bench)
    bench.add("console, file, Kafka (Debezium's format), Redis and HTTP at once, every change into each",
              f"{bench.changes / wall:,.0f}/s, {cpu:.2f} s of the processors", "", "", "")
    bench.add("  resident meanwhile", f"{kb // 1024} MB", "", "", "below 100 MB")


def files(bench):
    """Processor time: a machine of two cores tells nothing else of five threads."""
    size = bench.lines_of_log().stat().st_size
    found = {1: [], 5: []}
    for i in range(bench.options.runs):
        for count in found:
            name = f"files-{count}-{i}"
            sinks = "".join(f"  s{n}: {{sink: file, path: ./out-{n}}}\n" for n in range(count))
            process = bench.start(name, sinks, {0, 1})
            outs = [bench.folder / name / f"out-{n}" for n in range(count)]
            found[count].append(bench.until(process, lambda: all(o.exists() and o.stat().st_size >= size for o in outs)))  # noqa: B023
            for out in outs:
                out.unlink()
    one, five = (sorted(cpu for _, cpu, _ in found[count])[bench.options.runs // 2] for count in (1, 5))
    bench.add("processor time with five file sinks, against one", f"{five:.2f} s", f"{one:.2f} s", f"{five / one:.1f} times",
              "less than 5: the log is decoded once")
    bench.add("  resident meanwhile", f"{max(kb for _, _, kb in found[5]) // 1024} MB", f"{max(kb for _, _, kb in found[1]) // 1024} MB",
              "", "below 100 MB")
