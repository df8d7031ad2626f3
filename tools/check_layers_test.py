"""Each rule of layers.txt, broken once."""

import pathlib
import subprocess
import sys

import pytest

CHECK = pathlib.Path(__file__).parent / "check_layers.py"
LAYERS = "base\nmodel\nwire/*  net\nsink\nsink/*\napp  # knows all\n"


def check(root, file, include):
    (root / "layers.txt").write_text(LAYERS)
    for header in ["base/a.h", "model/m.h", "wire/mysql/w.h", "wire/canal/c.h", "net/n.h", "sink/sink.h", "sink/file/f.h",
                   "sink/http/h.h", "app/app.h", "attic/old.h"]:
        path = root / "src" / header
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#pragma once\n")
    path = root / "src" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#include <vector>\n#include "{include}"\n')
    support = root / "test/support/s.h"
    support.parent.mkdir(parents=True, exist_ok=True)
    support.write_text("")
    done = subprocess.run([sys.executable, str(CHECK), str(root)], capture_output=True, text=True)
    assert done.returncode == (1 if done.stdout else 0)
    return done.stdout


@pytest.mark.parametrize("file, include", [
    ("model/x.cpp", "base/a.h"), ("model/x.cpp", "model/m.h"), ("sink/file/x.cpp", "sink/sink.h"),
    ("sink/file/deep/x.cpp", "sink/file/f.h"), ("sink/file/x.cpp", "wire/mysql/w.h"), ("app/x.cpp", "sink/http/h.h"),
    ("model/x_test.cpp", "support/s.h")])
def test_allowed(tmp_path, file, include):
    assert check(tmp_path, file, include) == ""


@pytest.mark.parametrize("file, include, fault", [
    ("base/x.h", "model/m.h", "base must not include 'model/m.h': layers.txt puts model above it"),
    ("wire/mysql/x.cpp", "wire/canal/c.h", "layers.txt puts wire/canal beside it"),
    ("net/x.cpp", "wire/mysql/w.h", "layers.txt puts wire/mysql beside it"),
    ("sink/x.cpp", "sink/file/f.h", "layers.txt puts sink/file above it"),
    ("sink/file/x.cpp", "sink/http/h.h", "layers.txt puts sink/http beside it"),
    ("sink/x_test.cpp", "app/app.h", "layers.txt puts app above it"),
    ("model/x.cpp", "m.h", "'m.h' is no path under src"),
    ("model/x.cpp", "support/s.h", "'support/s.h' is no path under src"),
    ("app/x.cpp", "attic/old.h", "the folder of 'attic/old.h' is not in layers.txt"),
    ("cellar/x.cpp", "base/a.h", "its folder is not in layers.txt")])
def test_refused(tmp_path, file, include, fault):
    out = check(tmp_path, file, include)
    assert out.startswith(f"src/{file}:2: ") and fault in out
