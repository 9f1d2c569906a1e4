"""A Python without the package, as that of executors and servers is."""

from __future__ import annotations

from pathlib import Path

_FORGET = """import os, sys
code = os.path.join("modelwatch", "__init__.py")
sys.path[:] = [path for path in sys.path if not os.path.exists(os.path.join(path, code))]
"""


def bare_python(folder: Path, executable: str | Path) -> Path:
    """A Python in a folder, but for the package, which a development set-up installs in it."""
    (folder / "sitecustomize.py").write_text(_FORGET, encoding="utf-8")
    python = folder / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="$PYTHONPATH:{folder}" exec {executable} "$@"\n')
    python.chmod(0o755)
    return python
