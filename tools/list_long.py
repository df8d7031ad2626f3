"""Lists C++ files and functions longer than this project likes; a list to think about, not a verdict."""

import pathlib
import re

FILE_LINES, FUNCTION_LINES = 500, 70
FOLDERS = ["src", "test", "fuzz", "bench"]
NOT_A_FUNCTION = re.compile(r"^\s*(namespace|class|struct|enum|union|extern|if|for|while|switch|do|else|#)\b|=\s*\{$")


def functions_of(lines):
    """(first line number, length, text) of what clang-format lays out as a function: a line with ( that ends in {, until a
    closing brace with the same indent."""
    for start, line in enumerate(lines):
        if not line.endswith("{") or "(" not in line or NOT_A_FUNCTION.search(line):
            continue
        indent = len(line) - len(line.lstrip())
        for end in range(start + 1, len(lines)):
            if lines[end].startswith(" " * indent + "}"):
                yield start + 1, end - start + 1, line.strip()
                break


def main():
    for path in sorted(p for folder in FOLDERS for p in pathlib.Path(folder).rglob("*") if p.suffix in (".h", ".cpp")):
        lines = path.read_text().splitlines()
        if any("enerated by" in line for line in lines[:10]):  # tables that a tool writes
            continue
        if len(lines) > FILE_LINES:
            print(f"{path}: {len(lines)} lines (at most {FILE_LINES} wanted)")
        for number, length, text in functions_of(lines):
            if length > FUNCTION_LINES:
                print(f"{path}:{number}: {length} lines (at most {FUNCTION_LINES} wanted): {text[:80]}")


if __name__ == "__main__":
    main()
