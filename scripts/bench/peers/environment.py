"""The environment of the other tools: made from requirements-peers.lock when it is first needed."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

LOCK = Path("requirements-peers.lock")
FOLDER = Path(".venv-peers")


def peer_python() -> Path:
    """The interpreter of the environment; CalledProcessError if it can't be made."""
    python = (FOLDER / "bin" / "python").absolute()
    stamp = FOLDER / f"set-up-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    if stamp.is_file():
        return python
    print(f"setting up {FOLDER} from {LOCK}: some minutes, and once", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(FOLDER)], check=True)
    pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
    # The lock is complete, and leaves out what the measures don't need.
    subprocess.run([*pip, "--require-hashes", "--no-deps", "-r", str(LOCK)], check=True)
    stamp.touch()
    return python
