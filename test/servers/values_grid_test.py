"""Values beyond counting: every type of every server with boundary, odd and random values and NULL, in every character set, with
whole and partial row images, with and without names in the log: inserted, updated column by column, deleted. What Sluice reads from
the live stream and from the file is the same, and each value is what SELECT showed after the same statement.

A failure names the seed; SLUICE_SEED repeats it. SLUICE_GRID_LONG=1 makes it several times as long."""

import os
import random

import pytest
from lib.grid.run import THOROUGH, Grid, Way
from lib.grid.temporals import temporals

SEED = int(os.environ.get("SLUICE_SEED") or random.SystemRandom().randrange(1 << 32))
IMAGES = ["FULL", "MINIMAL", "NOBLOB"]
METADATA = {"mysql-5.6": [None], "mysql-9.7": ["MINIMAL", "FULL"], "mariadb-10.11": ["NO_LOG", "MINIMAL", "FULL"],
            "mariadb-11.8": ["NO_LOG", "MINIMAL", "FULL"]}
OPTIONS = {"mysql-5.6": ["--innodb-file-format=Barracuda", "--innodb-file-per-table=ON"]}
COMPRESSING = [kind for kind in METADATA if kind != "mysql-5.6"]
if THOROUGH:
    CASES = [(kind, Way(image, metadata, compress)) for kind, known in METADATA.items() for image in IMAGES for metadata in known
             for compress in ([False, True] if kind in COMPRESSING else [False])]
else:  # each image, each kind of metadata and compression on each server, but not each with each other
    CASES = [(kind, Way(image, known[(at + start) % len(known)], compress=kind in COMPRESSING and at == start % 3))
             for start, (kind, known) in enumerate(METADATA.items()) for at, image in enumerate(IMAGES)]


@pytest.mark.parametrize("kind, way", CASES, ids=str)
def test_every_value_is_what_the_server_shows(start_server, sluice, kind, way):
    seed = f"{SEED} {kind} {way}"
    rng = random.Random(seed)
    # A statement's rows come in many small events or in few, with checksums or without.
    options = [f"--binlog-row-event-max-size={rng.choice([256, 1024, 8192, 65536])}", f"--binlog-checksum={rng.choice(['CRC32', 'NONE'])}"]
    server = start_server(kind, [*OPTIONS.get(kind, []), *options], gtid=True)
    # Of columns declared COMPRESSED.
    setup = [f"set column_compression_zlib_wrap = {rng.choice(['ON', 'OFF'])}, column_compression_threshold = {rng.choice([1, 100])}"]
    grid = Grid(server, way, seed, sluice, setup=setup if kind.startswith("mariadb") else ())
    grid.run()
    print(f"{grid.statements} statements, {len(grid.expected)} changes, {grid.values} values, {grid.refused} refused rows")
    assert grid.values > 20_000, "the grid has shrunk"


@pytest.mark.parametrize("metadata", ["NO_LOG", "FULL"])
@pytest.mark.parametrize("image", ["FULL", "MINIMAL"])
@pytest.mark.parametrize("kind", ["mariadb-10.11", "mariadb-11.8"])
def test_temporal_values_as_servers_stored_them_before_5_6_4(start_server, sluice, kind, image, metadata):
    """How many digits of fraction such a column has, only its CREATE TABLE tells."""
    server = start_server(kind, ["--mysql56-temporal-format=OFF"], gtid=True)
    grid = Grid(server, Way(image, metadata), f"{SEED} {kind} {image} {metadata}", sluice, [*temporals("2038")] * 3)
    grid.run()
    assert grid.values > 2_000, "the grid has shrunk"
