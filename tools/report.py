"""Counts what a test run left in a folder, prints what failed, and one closing line: N passed, N failed[, N skipped].

  NAME-SHARD.json, .log, .code   a unit test program: its results, what it said, its exit code
  NAME.xml, .code                pytest: its results (JUnit's form), its exit code
  checks.txt                     one line a check: its exit code and its name
"""

import json
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

LOG_LINES = 60  # of a failed program's log

SANITIZER = re.compile(r"(ERROR|WARNING): \w+Sanitizer|: runtime error: ")


class Tally:
    def __init__(self):
        self.passed = self.skipped = 0
        self.failures = []  # (name, details)

    def fail(self, name, details=""):
        self.failures.append((name, details))


def count_unit(tally, code_file):
    """One shard of a unit test program. A program that dies, or fails after its tests (a leak), is one failure more."""
    name, code = code_file.stem, int(code_file.read_text())
    results, failed_before = code_file.with_suffix(".json"), len(tally.failures)
    # A program that was killed leaves the file absent or cut.
    suites = parse_json(results).get("testsuites", [])
    for suite in suites:
        for test in suite["testsuite"]:
            if test.get("result") == "SUPPRESSED" or test.get("status") == "NOTRUN":
                continue
            title = f"{name.rpartition('-')[0]}: {test['classname']}.{test['name']}"
            if test.get("failures"):
                tally.fail(title, "\n".join(failure["failure"] for failure in test["failures"]))
            elif test.get("result") == "SKIPPED":
                tally.skipped += 1
            else:
                tally.passed += 1
    if code and len(tally.failures) == failed_before:
        tally.fail(f"{name}: ended with {code}", reason(code_file.with_suffix(".log")))


def parse_json(path):
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return {}


def count_pytest(tally, code_file):
    name, code = code_file.stem, int(code_file.read_text())
    failed_before = len(tally.failures)
    results = code_file.with_suffix(".xml")
    for case in ElementTree.parse(results).iter("testcase") if results.exists() else []:
        faults = [*case.findall("failure"), *case.findall("error")]
        if faults:
            # pytest has printed the details already
            tally.fail(f"{name}: {case.get('classname')}.{case.get('name')}")
        elif case.find("skipped") is not None:
            tally.skipped += 1
        else:
            tally.passed += 1
    if code and len(tally.failures) == failed_before:
        tally.fail(f"{name}: pytest ended with {code}")


def count_checks(tally, path):
    for line in path.read_text().splitlines():
        code, _, name = line.partition(" ")
        if code == "0":
            tally.passed += 1
        else:
            tally.fail(f"check: {name}")


def reason(path):
    """What a sanitizer reported, wherever it stands among what the tests logged; else the last words."""
    lines = path.read_text(errors="replace").splitlines() if path.exists() else []
    report = next((i for i, line in enumerate(lines) if SANITIZER.search(line)), len(lines) - LOG_LINES)
    return "\n".join(lines[max(report, 0):][:LOG_LINES])


def count(folder):
    tally = Tally()
    for code_file in sorted(folder.glob("*.code")):
        (count_unit if code_file.stem[-2:] in ("-0", "-1") else count_pytest)(tally, code_file)
    checks = folder / "checks.txt"
    if checks.exists():
        count_checks(tally, checks)
    return tally


def main(folder):
    tally = count(pathlib.Path(folder))
    for name, details in tally.failures:
        print(f"FAILED {name}")
        for line in details.splitlines():
            print(f"    {line}")
    skipped = f", {tally.skipped} skipped" if tally.skipped else ""
    print(f"{tally.passed} passed, {len(tally.failures)} failed{skipped}")
    return 1 if tally.failures or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
