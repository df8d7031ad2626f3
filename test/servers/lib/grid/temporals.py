"""Dates and times."""

from lib.grid import spelling
from lib.grid.kind import Kind

DATES = ["0000-00-00", "1000-01-01", "9999-12-31", "2026-00-00", "2026-05-00", "0000-01-15", "0000-00-01", "0001-01-01", "2024-02-29",
         "2026-02-31", "1969-12-31", "2026-04-31", "1582-10-10"]
CLOCKS = ["00:00:00", "23:59:59", "12:34:56"]
SECOND_OF_2038 = 2 ** 31 - 1
SECOND_OF_2106 = 2 ** 32 - 1  # MariaDB 11.5 and newer


def fraction(rng, digits):
    if not digits:
        return ""
    return f".{rng.choice([0, 1, 10 ** digits - 1, 10 ** (digits - 1), rng.randrange(10 ** digits)]):0{digits}}"


def date(rng):
    return rng.choice([*DATES, f"{rng.randint(0, 9999):04}-{rng.randint(1, 12):02}-{rng.randint(1, 31):02}"])


def clock(rng):
    return rng.choice([*CLOCKS, f"{rng.randrange(24):02}:{rng.randrange(60):02}:{rng.randrange(60):02}"])


def times(digits):
    most = f".{10 ** digits - 1}" if digits else ""
    least = f".{1:0{digits}}" if digits else ""
    edges = ["0", "'838:59:59'", "'-838:59:59'", f"'838:59:58{most}'", f"'-838:59:58{most}'", f"'-00:00:00{least}'", f"'00:00:00{least}'",
             f"'-00:00:00{most}'", "'-00:00:01'", "'23:59:59'", f"'-01:00:00{least}'", f"'-100:00:59{most}'", "'900:00:00'", "'-900:00:00'",
             "'-838:59:59.999999'", "'838:59:59.999999'"]

    def random(rng):
        return f"'{rng.choice(['', '-'])}{rng.randrange(839):02}:{rng.randrange(60):02}:{rng.randrange(59):02}{fraction(rng, digits)}'"
    return Kind(f"time({digits})", spelling.PLAIN, edges, random, keyable=True)


def datetimes(digits):
    most = f".{10 ** digits - 1}" if digits else ""
    edges = ["0", f"'9999-12-31 23:59:59{most}'", f"'1000-01-01 00:00:00{most}'", f"'0000-00-00 12:34:56{most}'", f"'0001-01-01 00:00:00'",
             f"'2026-02-31 23:59:59{most}'", f"'2026-00-00 00:00:01{most}'", "'1969-12-31 23:59:59'", "'0000-00-01 00:00:00'"]
    return Kind(f"datetime({digits})", spelling.PLAIN, edges,
                lambda rng: f"'{date(rng)} {clock(rng)}{fraction(rng, digits)}'", keyable=True)


def timestamps(digits, last):
    most = f".{10 ** digits - 1}" if digits else ""
    edges = ["0", "'1970-01-01 05:30:01'", f"from_unixtime({last - 1}{most})", f"from_unixtime(1{most})", f"from_unixtime({last})",
             f"from_unixtime(1769000000{most})", "'2026-03-29 02:30:00'"]
    return Kind(f"timestamp({digits})", spelling.TIMESTAMP, edges,
                lambda rng: f"from_unixtime({rng.randrange(1, last)}{fraction(rng, digits)})")


def temporals(server):
    last = SECOND_OF_2106 if server == "mariadb-11.8" else SECOND_OF_2038
    yield Kind("date", spelling.PLAIN, [f"'{d}'" for d in DATES], lambda rng: f"'{date(rng)}'", keyable=True)
    yield Kind("year", spelling.YEAR, ["0", "'0000'", "1901", "2155", "'00'", "2026", "1970"], lambda rng: str(rng.randint(1901, 2155)), keyable=True)
    for digits in range(7):
        yield times(digits)
        yield datetimes(digits)
        yield timestamps(digits, last)
