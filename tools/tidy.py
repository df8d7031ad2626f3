"""Runs clang-tidy over src, one process a core, and remembers by content which files were clean.

A file is read again only when its own text, a project header it includes (also indirectly), .clang-tidy, its compile command
or clang-tidy's version has changed. usage: tidy.py [--short] [FILE...]
  --short  what the last RECENT_COMMITS touched, and without clang's static analyzer, which takes as long as all the rest
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CLEAN = pathlib.Path(os.environ.get("SLUICE_CACHE") or pathlib.Path.home() / ".cache/sluice") / "tidy"
TIDY = "clang-tidy-19"
RECENT_COMMITS = 10
LINES_SHOWN = 60  # of one file's objections
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)


def headers_of(path, seen):
    """Adds to `seen` every project file that `path` includes, at any depth."""
    for name in INCLUDE.findall(path.read_text()):
        for base in (ROOT / "src", ROOT / "test"):
            header = base / name
            if header.exists() and header not in seen:
                seen.add(header)
                headers_of(header, seen)


def recent():
    """Names of files that the last commits touched, or whose header they did."""
    done = subprocess.run(["git", "log", f"-{RECENT_COMMITS}", "--name-only", "--format="], capture_output=True, text=True, cwd=ROOT, check=True)
    names = set(done.stdout.split())
    return names | {name.removesuffix(".h") + ".cpp" for name in names if name.endswith(".h")}


def fingerprint(path, command, version):
    headers = set()
    headers_of(path, headers)
    digest = hashlib.sha256()
    for text in [version, command.replace(str(ROOT), ""), (ROOT / ".clang-tidy").read_text(),
                 *(file.read_text() for file in [path, *sorted(headers)])]:
        digest.update(f"{len(text)}:{text}".encode())
    return digest.hexdigest()


def tidy(path, short):
    """What clang-tidy objects to in that file."""
    checks = ["--checks=-clang-analyzer-*"] if short else []
    done = subprocess.run([TIDY, "-p", str(ROOT / "build"), "--quiet", "--extra-arg=-Wno-unknown-warning-option", *checks,
                           str(path)], capture_output=True, text=True, cwd=ROOT)
    return "" if done.returncode == 0 else done.stdout + "\n".join(
        line for line in done.stderr.splitlines() if "error" in line)


def main(wanted):
    short = "--short" in wanted
    wanted = [word for word in wanted if word != "--short"]
    version = subprocess.run([TIDY, "--version"], capture_output=True, text=True, check=True).stdout
    commands = {pathlib.Path(entry["file"]): entry["command"]
                for entry in json.loads((ROOT / "build/compile_commands.json").read_text())}
    files = [p for p in commands if p.is_relative_to(ROOT / "src") and not p.name.endswith("_test.cpp") and p.exists()]
    if wanted:
        files = [p for p in files if p.relative_to(ROOT).as_posix() in wanted]
    elif short:
        touched = recent()
        files = [p for p in files if p.relative_to(ROOT).as_posix() in touched]
    CLEAN.mkdir(parents=True, exist_ok=True)
    marks = {path: CLEAN / fingerprint(path, commands[path], version) for path in files}
    # What the whole found clean is clean for the short form, too.
    marks_now = {path: mark.with_suffix(".short") if short else mark for path, mark in marks.items()}
    todo = sorted(path for path in files if not marks[path].exists() and not marks_now[path].exists())
    print(f"{len(files) - len(todo)} files known to be clean, {len(todo)} to read", flush=True)
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, objections in zip(todo, pool.map(lambda path: tidy(path, short), todo)):
            if objections:
                bad += 1
                print("\n".join(objections.splitlines()[:LINES_SHOWN]), flush=True)
            else:
                marks_now[path].touch()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
