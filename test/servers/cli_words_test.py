"""The command line without any server: help, exit codes, completion, sample and check, colours."""

import os
import pty
import re
import subprocess
import textwrap

import pytest

from lib.sluice import BINARY, ROOT, run

COMMANDS = ["tail", "decode", "doctor", "init", "check", "run", "start", "status", "stop", "restart", "help", "version",
            "completion"]


def on_terminal(*arguments, env=None):
    """Runs sluice with a terminal as its stdout and stderr; returns what it wrote there."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([str(BINARY), *arguments], stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
                               env={**os.environ, "TERM": "xterm", **(env or {})})
    os.close(theirs)
    text = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # the other side is closed
            break
        if not part:
            break
        text += part
    os.close(ours)
    process.wait()
    return text.decode()


@pytest.mark.parametrize("command", COMMANDS)
def test_help_teaches_every_command(command):
    text = run(command, "--help").stdout
    assert text == run("help", command).stdout
    assert f"Usage: sluice {command}" in text
    assert "Exit codes" in text
    assert "\x1b" not in text


def test_the_overview_names_every_command():
    text = run("--help").stdout
    assert text == run("help").stdout
    for command in COMMANDS:
        assert re.search(rf"^  {command} ", text, re.M), command
    nothing = run(check=False)
    assert (nothing.returncode, nothing.stdout, nothing.stderr) == (2, "", text)


@pytest.mark.parametrize("arguments, message", [
    (["tial"], "sluice: there is no command 'tial'; did you mean 'tail'?"),
    (["tail"], "sluice tail: URL is missing: "),
    (["tail", "--form", "now"], "sluice tail: --form is not known; did you mean --from?"),
    (["tail", "mysql://h/", "--format", "jsn"], "sluice tail: --format: 'jsn' is not known (did you mean 'json'?)"),
    (["tail", "mysql://h/", "--from", "yesterday-ish"], "sluice tail: --from: "),
    (["tail", "mysql://h/", "--tables", "shop"], "expected database.table"),
    (["tail", "mysql://h/", "--set", "colour=red"], "sluice tail: --set: 'colour' is not known"),
    (["tail", "mysql://h/", "--format", "maxwell", "--with", "tx"], "sluice tail: --with: format maxwell has no such choice"),
    (["tail", "http://h/"], "expected mysql://user@host:3306/"),
    (["decode"], "sluice decode: FILE is missing: "),
    (["decode", "x", "--jobs", "0"], "sluice decode: --jobs: '0' is out of range; expected 1 to 64"),
    (["decode", "x", "--from", "now"], "sluice decode: --from: files know no 'now'"),
    (["run", "/nowhere/sluice.yaml"], "cannot read /nowhere/sluice.yaml: No such file or directory; 'sluice init' writes a sample"),
    (["status", "/nowhere"], "cannot read /nowhere: No such file or directory"),
    (["help", "tial"], "'tial' is not known; did you mean 'tail'?"),
    (["completion", "fish"], "'fish' is not known"),
])
def test_mistakes_are_named_and_end_with_2(arguments, message):
    done = run(*arguments, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_a_reader_that_had_enough_is_no_failure():
    piped = subprocess.run(["bash", "-c", f"set -o pipefail; {BINARY} help --man | head -1"], capture_output=True, text=True)
    assert (piped.returncode, piped.stderr) == (0, "")
    assert piped.stdout.startswith(".TH SLUICE 1")


def test_a_full_disk_is_a_failure():
    with open("/dev/full", "w") as full:
        done = subprocess.run([BINARY, "help"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert "cannot write to stdout: No space left on device" in done.stderr


def test_colours_are_for_terminals_and_for_those_who_want_them():
    assert "\x1b[" in on_terminal("help")
    assert "\x1b[" not in on_terminal("help", env={"NO_COLOR": "1"})
    assert "\x1b[" not in on_terminal("help", env={"TERM": "dumb"})
    assert "\x1b[31msluice:" in on_terminal("tial")


def complete(*words):
    """What bash offers for the last of the words."""
    script = textwrap.dedent(f"""
        source <({BINARY} completion bash)
        COMP_WORDS=({' '.join(repr(word) for word in words)}); COMP_CWORD={len(words) - 1}
        _sluice; printf '%s\\n' "${{COMPREPLY[@]}}" """)
    return subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout.split()


def test_bash_completes_commands_options_and_values():
    assert complete("sluice", "st") == ["start", "stop", "status"] or set(complete("sluice", "st")) == {"start", "stop", "status"}
    assert complete("sluice", "tail", "--fo") == ["--format"]
    assert set(complete("sluice", "tail", "--format", "")) >= {"json", "maxwell"}
    assert complete("sluice", "help", "dec") == ["decode"]
    assert complete("sluice", "decode", "--no-d") == ["--no-ddl"]


def test_the_sample_is_right_and_is_never_written_over(tmp_path):
    assert "wrote sluice.yaml" in run("init", cwd=tmp_path).stdout
    assert run("check", cwd=tmp_path).stdout == "sluice.yaml: fine; pipeline 'shop' with 1 sink\n"
    (tmp_path / "sluice.yaml").write_text("mine")
    again = run("init", cwd=tmp_path, check=False)
    assert again.returncode == 2
    assert "is there already" in again.stderr
    assert (tmp_path / "sluice.yaml").read_text() == "mine"
    run("init", "--force", cwd=tmp_path)
    assert (tmp_path / "sluice.yaml").read_text() == run("init", "-").stdout


def test_check_names_all_mistakes_at_once(tmp_path):
    path = tmp_path / "sluice.yaml"
    path.write_text((ROOT / "test/cases/config/unknown_keys.yaml").read_text())
    done = run("check", path, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    places = re.findall(rf"^sluice check: {re.escape(str(path))}:(\d+):\d+: ", done.stderr, re.M)
    assert places == ["1", "4", "5", "10", "11", "12"]


@pytest.mark.parametrize("path, place, words", [
    ("./none/out.jsonl", "./none/out.jsonl", "its folder does not exist; create it, or name another `path`"),
    ("./none/{table}.jsonl", "./none/.sluice-", "its folder does not exist; create it, or name another `path`"),
    ("./a file/out.jsonl", "./a file/out.jsonl", "a part of its path is a file where a folder should be"),
    ("./folder", "./folder", "it is a folder; `path` names a file"),
    ("./link", "./link", "it is a symbolic link"),
    ("./pipe", "./pipe", "it is no ordinary file; for a pipe or terminal use the console sink")])
def test_check_looks_at_the_folders_of_files_as_the_start_does(tmp_path, path, place, words):
    (tmp_path / "a file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("a file")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "sluice.yaml").write_text(textwrap.dedent(f"""
        source: {{url: "mysql://sluice@127.0.0.1:1/"}}
        sinks:
          out:
            sink: file
            path: "{path}"
        """))
    before = sorted(tmp_path.iterdir())
    done = run("check", "sluice.yaml", cwd=tmp_path, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.match(rf"sluice check: sluice.yaml:6:\d+: cannot \w+ {re.escape(place)}", done.stderr) and words in done.stderr
    assert sorted(tmp_path.iterdir()) == before
    started = run("run", "sluice.yaml", cwd=tmp_path, check=False)
    assert started.returncode == 2 and done.stderr.split(": ", 2)[2] in started.stderr


def test_paths_count_from_the_configuration_s_folder(tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/password").write_text("geheim\n")
    (tmp_path / "etc/sluice.yaml").write_text(textwrap.dedent("""
        source: {url: "mysql://sluice@127.0.0.1/", password_file: ./password}
        sinks: {out: {sink: console}}
        """))
    run("check", "etc/sluice.yaml", cwd=tmp_path)
    run("check", "sluice.yaml", cwd=tmp_path / "etc")
    run("check", tmp_path / "etc/sluice.yaml", cwd="/")


def test_it_starts_at_once():
    import time
    begin = time.monotonic()
    for _ in range(10):
        run("version")
    assert (time.monotonic() - begin) / 10 < 0.1
