"""The campaign `converge`: one source under a random workload, all targets that keep rows, deaths and broken connections; a line a
round. What a difference can be told from is kept."""

import pathlib
import random
import shutil
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test/servers"))
from lib.converge.campaign import Campaign  # noqa: E402
from lib.converge.targets import TARGETS  # noqa: E402


def chosen(words):
    names = words.split(",") if words else [*TARGETS]
    if unknown := [name for name in names if name not in TARGETS]:
        raise SystemExit(f"there is no target {unknown[0]}; there are {', '.join(TARGETS)}")
    return names


def converge(options, folder):
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 31)
    names = chosen(options.targets)
    print(f"seed {seed}, source {options.server}, targets {', '.join(names)}", flush=True)
    end, rounds, changes, rows = time.monotonic() + 60 * options.minutes, 0, 0, 0
    with Campaign(folder, seed, names, options.server) as campaign:
        try:
            while time.monotonic() < end:
                done = campaign.round(options.round)
                rounds, changes, rows = rounds + 1, changes + done.changes, rows + done.rows
                print(f"round {rounds}: {done.told()}", flush=True)
                assert not done.differences, "a target differs from the source"
        except BaseException:
            kept = ROOT / f"build/results/converge-{seed}"
            shutil.rmtree(kept, ignore_errors=True)
            campaign.keep_evidence(kept)
            print(f"kept in {kept}: configuration, words, state, the source's log", flush=True)
            raise
    print(f"{rounds} rounds, {changes:,} changes, {rows:,} rows compared", flush=True)
