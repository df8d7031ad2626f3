"""Packages of the Python Package Index that tests need and Debian does not have, kept in the cache folder."""

import fcntl
import pathlib
import shutil
import subprocess
import sys
import tempfile

from server_kinds import CACHE


def add(name, version):
    """Makes `import` find that version of the package, which is installed on the first call on this machine."""
    home = CACHE / "python" / f"{name}-{version}"
    home.parent.mkdir(parents=True, exist_ok=True)
    with open(home.parent / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.exists():
            fresh = pathlib.Path(tempfile.mkdtemp(dir=home.parent))
            done = subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--root-user-action=ignore",
                                   "--target", str(fresh), f"{name}=={version}"], capture_output=True, text=True, timeout=300)
            if done.returncode:
                shutil.rmtree(fresh)
                raise AssertionError(f"cannot install {name} {version}: {done.stderr.strip()}")
            fresh.rename(home)
    # Behind Debian's own, so that what is there already stays what it is.
    if str(home) not in sys.path:
        sys.path.append(str(home))
