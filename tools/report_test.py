"""The closing line must be right, above all when something dies without a word."""

import json
import pathlib
import subprocess
import sys

REPORT = pathlib.Path(__file__).parent / "report.py"
JUNIT = '<testsuites><testsuite><testcase classname="a" name="good"/>{more}</testsuite></testsuites>'


def unit_results(*tests):
    return json.dumps({"testsuites": [{"testsuite": [
        {"classname": "S", "name": name, "status": "RUN", "result": result,
         **({"failures": [{"failure": "expected 1, got 2"}]} if failed else {})}
        for name, result, failed in tests]}]})


def report(folder, files):
    for name, text in files.items():
        (folder / name).write_text(text)
    done = subprocess.run([sys.executable, str(REPORT), str(folder)], capture_output=True, text=True)
    return done.returncode, done.stdout.splitlines()


def test_all_kinds_are_summed(tmp_path):
    code, lines = report(tmp_path, {
        "unit-0.code": "0", "unit-0.json": unit_results(("A", "COMPLETED", False), ("B", "SKIPPED", False)),
        "unit-1.code": "0", "unit-1.json": unit_results(("C", "COMPLETED", False)),
        "servers.code": "0", "servers.xml": JUNIT.format(more=""), "checks.txt": "0 format\n"})
    assert (code, lines) == (0, ["4 passed, 0 failed, 1 skipped"])


def test_failures_are_named(tmp_path):
    code, lines = report(tmp_path, {
        "unit-0.code": "1", "unit-0.json": unit_results(("A", "COMPLETED", True), ("B", "COMPLETED", False)),
        "servers.code": "1",
        "servers.xml": JUNIT.format(more='<testcase classname="a" name="bad"><error/></testcase>'),
        "checks.txt": "1 layers\n"})
    assert code == 1
    assert lines[-1] == "2 passed, 3 failed"
    assert "FAILED unit: S.A" in lines and "    expected 1, got 2" in lines
    assert "FAILED servers: a.bad" in lines and "FAILED check: layers" in lines


def test_a_killed_program_is_a_failure(tmp_path):
    code, lines = report(tmp_path, {"unit-0.code": "139", "unit-0.log": "[ RUN ] S.A\n"})
    assert (code, lines) == (1, ["FAILED unit-0: ended with 139", "    [ RUN ] S.A", "0 passed, 1 failed"])


def test_a_leak_after_good_tests_is_a_failure(tmp_path):
    code, lines = report(tmp_path, {"asan-1.code": "23", "asan-1.json": unit_results(("A", "COMPLETED", False)),
                                    "asan-1.log": "LeakSanitizer: detected memory leaks"})
    assert (code, lines[-1]) == (1, "1 passed, 1 failed")


def test_a_leak_is_shown_though_other_lines_follow(tmp_path):
    log = "==1==ERROR: LeakSanitizer: detected memory leaks\n" + "a warning\n" * 100
    _, lines = report(tmp_path, {"asan-0.code": "1", "asan-0.json": unit_results(("A", "COMPLETED", False)), "asan-0.log": log})
    assert lines[1] == "    ==1==ERROR: LeakSanitizer: detected memory leaks"


def test_pytest_that_could_not_start_is_a_failure(tmp_path):
    assert report(tmp_path, {"servers.code": "4"}) == (
        1, ["FAILED servers: pytest ended with 4", "0 passed, 1 failed"])


def test_nothing_run_is_no_success(tmp_path):
    assert report(tmp_path, {}) == (1, ["0 passed, 0 failed"])
