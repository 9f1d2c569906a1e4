"""Environments of packages that conflict with those of .venv.

Each is created from its lock when it is first needed.
"""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def python_of(name: str) -> Path:
    """The Python interpreter of ``.venv-NAME``, with the packages in ``requirements-NAME.lock``.

    CalledProcessError if it cannot be created.
    """
    lock, folder = ROOT / f"requirements-{name}.lock", ROOT / f".venv-{name}"
    python = folder / "bin" / "python"
    stamp = folder / f"set-up-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
    with lock.open("rb") as held:
        # If several processes need it at the same time, one creates it.
        fcntl.flock(held, fcntl.LOCK_EX)
        if not stamp.is_file():
            print(
                f"setting up {folder.name} from {lock.name}: takes several minutes, only once",
                flush=True,
            )
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
            pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
            # The lock is complete, and does not include unneeded dependencies.
            subprocess.run([*pip, "--require-hashes", "--no-deps", "-r", str(lock)], check=True)
            stamp.touch()
    return python
