"""Checks that every #include "..." of src/ keeps to layers.txt: a file may include its own folder and folders on earlier
lines; folders on one line don't see each other; `x/*` stands for each subfolder of x, which are siblings.

usage: check_layers.py [ROOT]
"""

import pathlib
import re
import sys

INCLUDE = re.compile(r'\s*#\s*include\s*"([^"]+)"')


class Layers:
    def __init__(self, text):
        self.levels = {}  # entry of layers.txt -> number of its line, lowest first
        for number, line in enumerate(line for line in text.splitlines() if line.split("#")[0].strip()):
            for entry in line.split("#")[0].split():
                if entry in self.levels:
                    raise ValueError(f"layers.txt names '{entry}' twice")
                self.levels[entry] = number

    def folder_of(self, path):
        """(folder, level) of a file's path under src: the deepest folder that layers.txt knows; None when none is."""
        parts = path.split("/")[:-1]
        for depth in range(len(parts), 0, -1):
            parent, folder = "/".join(parts[:depth - 1]), "/".join(parts[:depth])
            if depth > 1 and f"{parent}/*" in self.levels:
                return folder, self.levels[f"{parent}/*"]
            if folder in self.levels:
                return folder, self.levels[folder]
        return None

    def fault(self, file, included):
        """What is wrong with `file` including `included` (paths under src), or None."""
        mine, theirs = self.folder_of(file), self.folder_of(included)
        if mine is None:
            return f"its folder is not in layers.txt; add it on the line where it belongs"
        if theirs is None:
            return f"the folder of '{included}' is not in layers.txt"
        if mine[0] == theirs[0] or theirs[1] < mine[1]:
            return None
        relation = "beside" if theirs[1] == mine[1] else "above"
        return f"{mine[0]} must not include '{included}': layers.txt puts {theirs[0]} {relation} it"


def faults_of(root):
    """Yields file:line: fault. Test files may use all of their own level and below, like any other file there."""
    layers = Layers((root / "layers.txt").read_text())
    source = root / "src"
    for path in sorted(p for p in source.rglob("*") if p.suffix in (".h", ".cpp", ".def", ".inc")):
        name = path.relative_to(source).as_posix()
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            included = match.group(1)
            if not (source / included).exists():
                # The tests' shared helpers are outside src, and above everything in it.
                if name.endswith("_test.cpp") and (root / "test" / included).exists():
                    continue
                yield f"src/{name}:{number}: '{included}' is no path under src; name it from there"
                continue
            fault = layers.fault(name, included)
            if fault:
                yield f"src/{name}:{number}: {fault}"


def main(root):
    faults = list(faults_of(root))
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
