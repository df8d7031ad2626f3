"""One source under a random workload, every kind of target that keeps rows in one pipeline, deaths and broken connections all
around; then each target is compared with the source, row by row. The campaign `./do soak converge` and a test in CI run it."""
