"""Environments beside .venv, of packages that do not agree with its own.

Each is made from its lock when it is first needed.
"""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def python_of(name: str) -> Path:
    """The interpreter of ``.venv-NAME``, which has what ``requirements-NAME.lock`` lists.

    CalledProcessError if it can't be made.
    """
    lock, folder = ROOT / f"requirements-{name}.lock", ROOT / f".venv-{name}"
    python = folder / "bin" / "python"
    stamp = folder / f"set-up-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
    with lock.open("rb") as held:
        # Of processes that need it at once, one makes it.
        fcntl.flock(held, fcntl.LOCK_EX)
        if not stamp.is_file():
            print(f"setting up {folder.name} from {lock.name}: some minutes, and once", flush=True)
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
            pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
            # The lock is complete, and leaves out what is not needed.
            subprocess.run([*pip, "--require-hashes", "--no-deps", "-r", str(lock)], check=True)
            stamp.touch()
    return python
