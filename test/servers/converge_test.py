"""The campaign `./do soak converge` for some seconds: all targets that keep rows, one pipeline, and each equal to the source at the end."""

import random

from lib.converge.campaign import Campaign


def test_all_targets_equal_the_source_through_deaths_and_schema_changes(tmp_path):
    seed = random.SystemRandom().randrange(1 << 31)
    print("seed", seed)
    with Campaign(tmp_path, seed) as campaign:
        done = campaign.round(7)
        print(done.told())
        assert not done.differences, f"seed {seed}\n{done.told()}\n{campaign.pipeline.tail()}"
        assert done.changes > 100 and done.rows > 100
        assert {"kills of sluice", "deaths of targets", "cuts"} <= {*done.faults}
