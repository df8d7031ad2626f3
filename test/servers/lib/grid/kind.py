"""Kind: a column's declaration with the values that are worth trying in it."""


class Kind:
    """declared: the type as CREATE TABLE takes it. edges, random: SQL expressions of values, and a function of an rng that makes
    more (None: the edges are all). keyable: may stand in a primary key. null: "either", or "never" where the type cannot."""

    def __init__(self, declared, spelling, edges, random=None, keyable=False, null="either"):
        self.declared, self.spelling = declared, spelling
        self.edges, self.random = list(edges), random
        self.keyable, self.null = keyable, null

    def values(self, rng, count):
        """`count` values: the edges first, in any order, so that few columns together try all of them."""
        found = rng.sample(self.edges, min(count, len(self.edges)))
        if self.random and count > 2:
            found[count - count // 3:] = [self.random(rng) for _ in found[count - count // 3:]]
        while len(found) < count:
            found.append(self.random(rng) if self.random else rng.choice(self.edges))
        rng.shuffle(found)
        return found


def literal(text):
    """An SQL expression of the text that no character set of a session touches."""
    return "_utf8mb4 0x" + text.encode().hex() if text else "''"


def binary(data):
    return f"x'{data.hex()}'"
