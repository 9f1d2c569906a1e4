"""The environment of a run: a fingerprint of the code, and the libraries that affect results."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator
from functools import cache
from importlib import metadata, resources
from typing import TYPE_CHECKING

from modelwatch.package import VERSION

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

LIBRARIES = ("numpy", "pandas", "pyarrow", "pyspark", "delta-spark", "pydeequ")
"""Packages whose version may change a result."""
_CODE = (".py", ".sql")


@cache
def code_version() -> str:
    """The release, `+`, and twelve digits of a SHA-256 of the package's files.

    Two installations with the same value run the same code, regardless of its origin.
    """
    digest = hashlib.sha256()
    for name, content in sorted(_code(resources.files("modelwatch"), "")):
        digest.update(name.encode() + b"\0" + content + b"\0")
    return f"{VERSION}+{digest.hexdigest()[:12]}"


@cache
def libraries() -> dict[str, str]:
    """Versions of Python and of the packages that may change a result."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            # A platform may install a package without metadata.
            continue
    return found


def _code(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _code(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(_CODE):
            yield f"{prefix}{entry.name}", entry.read_bytes()
