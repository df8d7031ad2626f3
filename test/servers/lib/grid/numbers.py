"""Numbers: their types, with the values worth trying. A Kind is (declaration, spelling, edges, random value)."""

import struct

from lib.grid import spelling
from lib.grid.kind import Kind


def integers():
    for name, bits in [("tinyint", 8), ("smallint", 16), ("mediumint", 24), ("int", 32), ("bigint", 64)]:
        yield integer(name, bits, False)
        yield integer(f"{name} unsigned", bits, True)
        yield integer(f"{name}(3) zerofill", bits, True)
    yield Kind("bool", spelling.INTEGER, ["0", "1", "-1", "127"], None, keyable=True)


def integer(declared, bits, unsigned):
    low, high = (0, 2 ** bits - 1) if unsigned else (-2 ** (bits - 1), 2 ** (bits - 1) - 1)
    edges = [low, high, low + 1, high - 1, 0, 1, high // 2, high // 2 + 1, *([] if unsigned else [-1])]
    powers = [2 ** b for b in range(1, bits - 1)]
    return Kind(declared, spelling.INTEGER, [str(e) for e in edges],
                lambda rng: str(rng.choice([rng.randint(low, high), rng.choice(powers)])), keyable=True)


def decimals(rng):
    shapes = [(1, 0), (5, 5), (9, 0), (9, 9), (10, 2), (18, 9), (18, 18), (19, 10), (30, 30), (38, 10), (65, 0), (65, 30), (40, 1)]
    for _ in range(6):
        precision = rng.randint(1, 65)
        shapes.append((precision, rng.randint(max(0, precision - 65), min(30, precision))))
    for precision, scale in shapes:
        yield decimal(f"decimal({precision},{scale})", precision, scale, ["", "-"])
    yield decimal("decimal(12,4) unsigned", 12, 4, [""])
    yield decimal("decimal(12,4) zerofill", 12, 4, [""])


def decimal(declared, precision, scale, signs):
    def spelt(number):
        text = str(number).rjust(scale + 1, "0")
        return f"{text[:-scale]}.{text[-scale:]}" if scale else text

    def random(rng):
        digits = rng.randint(1, precision)
        return rng.choice(signs) + spelt(rng.choice([rng.randrange(10 ** digits), 10 ** digits - 1, 10 ** (digits - 1)]))

    most = 10 ** precision - 1
    magnitudes = [0, 1, most, most // 9, 10 ** (precision // 2), min(most, 10 ** scale), min(most, 10 ** 9), min(most, 10 ** 9 - 1)]
    return Kind(declared, spelling.DECIMAL, [sign + spelt(m) for m in magnitudes for sign in signs], random, keyable=True)


FLOATS = ["0e0", "-0e0", "1e-45", "-1e-45", "1.17549435e-38", "1.17549421e-38", "3.40282347e38", "-3.40282347e38", "0.1", "1.5e0", "16777216e0",
          "16777215e0", "8388607.5e0", "12345.678", "1e10", "1e-5", "1e15", "1e16", "9.8e-6", "3.3e0", "1e20"]
DOUBLES = ["0e0", "-0e0", "5e-324", "-5e-324", "2.2250738585072014e-308", "2.225073858507201e-308", "1.7976931348623157e308",
           "-1.7976931348623157e308", "0.1e0", "0.30000000000000004e0", "9007199254740993e0", "9007199254740992e0", "1e15", "999999999999999e0",
           "1e16", "1e17", "1e21", "1e22", "1e23", "1e-4", "1e-5", "9.999e-6", "1e-7", "123456789.125e0", "4503599627370497.5e0", "0.001e0",
           "2.5e0", "1e308", "5e-320", "72057594037927928e0", "1.2345678901234567e15", "12345678901234.567e0", "0.0005e0"]


def reals():
    yield Kind("float", spelling.FLOAT, FLOATS, real("<f", 3.4028234e38))
    yield Kind("double", spelling.DOUBLE, DOUBLES, real("<d", 1.79e308))
    yield Kind("float unsigned", spelling.FLOAT, [f for f in FLOATS if f[0] != "-"], None)
    yield Kind("double unsigned zerofill", spelling.DOUBLE, [d for d in DOUBLES if d[0] != "-"], None)
    yield Kind("float(7,3)", spelling.FLOAT, ["0", "9999.999", "-9999.999", "0.001", "-0.001", "1.5", "1234.567"],
               lambda rng: f"{rng.uniform(-9999, 9999):.3f}")
    yield Kind("double(20,5)", spelling.DOUBLE, ["0", "-0.00001", "123456789012.12345", "0.1", "-99999.99999"],
               lambda rng: f"{rng.uniform(-1, 1) * 10 ** rng.randrange(12):.5f}")
    yield Kind("float(53)", spelling.DOUBLE, DOUBLES, real("<d", 1.79e308))


def real(form, largest):
    def random(rng):
        value = rng.choice([
            lambda: struct.unpack(form, rng.randbytes(struct.calcsize(form)))[0],
            lambda: rng.uniform(-1, 1) * 10 ** rng.randrange(-10, 20), lambda: float(rng.randrange(-1000, 1000)),
            lambda: rng.randrange(10 ** 9) / 1000, lambda: rng.randrange(10 ** 15) / 10 ** rng.randrange(9)])()
        return repr(value) + ("" if "e" in repr(value) else "e0") if abs(value) < largest else "0"  # NaN is refused as well
    return random


def bits(widths):
    for width in widths:
        edges = {0, 1, 2 ** width - 1, 2 ** (width - 1), (2 ** width - 1) // 3}
        yield Kind(f"bit({width})", spelling.BIT, [str(e) for e in sorted(edges)], lambda rng, w=width: str(rng.randrange(2 ** w)))


def numbers(rng, thorough):
    yield from integers()
    yield from decimals(rng)
    yield from reals()
    yield from bits(range(1, 65) if thorough else sorted({1, 8, 9, 63, 64, *rng.sample(range(1, 65), 6)}))
