"""Lists C++ files and functions longer than this project likes; a list to think about, not a verdict."""

import pathlib
import re

FILE_LINES, FUNCTION_LINES = 500, 70
FOLDERS = ["src", "test", "fuzz", "bench"]
NOT_A_FUNCTION = re.compile(r"^\s*\{|^\s*(namespace|class|struct|enum|union|extern|if|for|while|switch|do|else|case|return|#)\b|=|^\s*[A-Z_]+\(")
HEAD_ENDS = re.compile(r"[;{}:]$|^\s*//|^\s*#|^$")


def functions_of(lines):
    """(first line number, length, text) of each function, by the layout that clang-format gives: a head, perhaps of several
    lines, that ends in {, until a closing brace with the head's indent. Tests (macros) are not looked at."""
    for opening, line in enumerate(lines):
        if not line.endswith("{"):
            continue
        start = opening
        while start > 0 and not HEAD_ENDS.search(lines[start - 1]):
            start -= 1
        head = lines[start]
        if "(" not in head or NOT_A_FUNCTION.search(head):
            continue
        brace = " " * (len(head) - len(head.lstrip())) + "}"
        end = next((i for i in range(opening + 1, len(lines)) if lines[i].startswith(brace)), opening)
        yield start + 1, end - start + 1, head.strip()


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
