"""./do as its user meets it, and the parts of it that must not go wrong half-way."""

import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
VERBS = ["demo", "build", "test", "check", "bench", "fuzz", "soak", "services", "package"]


def run(*argv, **environment):
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          env={**os.environ, **environment})


def in_shell(script, **environment):
    """Runs a bash script with ./do's functions at hand."""
    sources = "".join(f"source {path}\n" for path in sorted((ROOT / "tools/do.d/lib").glob("*.sh")))
    return run("bash", "-euo", "pipefail", "-c", f"ROOT={ROOT}\n{sources}{script}", **environment)


def test_it_lists_its_verbs_with_a_line_each():
    done = run("./do")
    listed = dict(line.split(None, 1) for line in done.stdout.splitlines()[1:])
    assert done.returncode == 0
    assert list(listed) == VERBS
    assert all(len(text) > 10 for text in listed.values())


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_teaches(verb):
    done = run("./do", verb, "--help")
    assert done.returncode == 0
    assert f"usage: ./do {verb}" in done.stdout


@pytest.mark.parametrize("arguments, words", [
    (["tset"], "there is no verb 'tset'"), (["test", "--fast"], "./do test knows no '--fast'"),
    (["test", "-k"], "-k wants"), (["check", "spelling"], "./do check knows no 'spelling'"),
    (["services", "stat"], "./do services knows no 'stat'"), (["demo", "--fast"], "takes a URL")])
def test_a_mistake_ends_with_2_and_says_what(arguments, words):
    done = run("./do", *arguments)
    assert done.returncode == 2
    assert words in done.stderr


def test_a_package_is_not_wanted_where_its_command_is():
    assert "npm" in in_shell("command() { [[ $2 != npm ]]; }; packages_of test").stdout.split()
    assert "npm" not in in_shell("command() { return 0; }; packages_of test").stdout.split()


def test_without_root_and_sudo_the_packages_are_named():
    done = in_shell("is_root() { return 1; }; command() { return 1; }; install_packages g++ ninja-build")
    assert done.returncode == 2
    assert done.stderr.endswith("apt-get install --no-install-recommends g++ ninja-build\n")


def test_a_tool_that_is_too_old_is_named():
    done = in_shell("at_least cmake 3.25 3.9.1")
    assert (done.returncode, done.stderr) == (
        2, "./do: cmake is version 3.9.1, and at least 3.25 is needed (Debian 12 has it)\n")
    assert in_shell("at_least g++ 12 12.2.0; at_least g++ 12 13.1").returncode == 0


def test_half_a_server_is_never_taken_for_a_whole_one(tmp_path):
    (tmp_path / "servers").mkdir()
    broken = in_shell('fill() { mkdir "$1"; touch "$1/half"; return 1; }; unpack some fill Some', SLUICE_CACHE=str(tmp_path))
    assert broken.returncode == 1
    assert not (tmp_path / "servers/some").exists()
    whole = in_shell('fill() { mkdir "$1"; touch "$1/whole"; }; unpack some fill Some', SLUICE_CACHE=str(tmp_path))
    assert whole.returncode == 0
    assert [path.name for path in (tmp_path / "servers").iterdir()] == ["some"]
    assert [path.name for path in (tmp_path / "servers/some").iterdir()] == ["whole"]
