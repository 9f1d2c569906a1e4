"""Files of contracts and configurations, read and written."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from modelwatch.model.errors import ConfigurationError, Problem


def text_of_file(path: Path) -> str:
    """The text of a file; ConfigurationError if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        wording = f"cannot be read: {error.strerror or error}"
        raise ConfigurationError([Problem("", None, wording)], str(path)) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError([Problem("", None, "is not UTF-8 text")], str(path)) from error


def write_text(path: Path, text: str, *, force: bool = False) -> None:
    """Write a file and its folders; ConfigurationError if it exists, unless forced.

    A symbolic link counts as existing, wherever it leads: its target is not written, unless forced.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        problem = Problem("", None, "exists; --force replaces it")
        raise ConfigurationError([problem], str(path)) from None


def replace_text(path: Path, text: str) -> None:
    """Write a file atomically: readers see the old or the new text, never a part.

    ConfigurationError if the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, made = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        wording = f"cannot be written: {error.strerror or error}"
        raise ConfigurationError([Problem("", None, wording)], str(path)) from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        # The collector of metrics runs as a different user.
        os.chmod(made, 0o644)
        os.replace(made, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(made)
        raise
