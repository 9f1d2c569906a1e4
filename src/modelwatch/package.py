"""The installed package: its version, and where its files are."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

try:
    VERSION = metadata.version("modelwatch")
except metadata.PackageNotFoundError:  # running from a source tree that was never installed
    VERSION = "0+source"

PACKAGE_FOLDER = Path(__file__).parent
"""Folder of the package; in an archive, a path that leads through it."""
