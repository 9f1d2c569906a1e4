"""Files of contracts and configurations, read and written."""

from __future__ import annotations

from pathlib import Path

from modelwatch.model.errors import ConfigurationError, Problem


def text_of_file(path: Path) -> str:
    """The text of a file; ConfigurationError if it can't be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        wording = f"cannot be read: {error.strerror or error}"
        raise ConfigurationError([Problem("", None, wording)], str(path)) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError([Problem("", None, "is not UTF-8 text")], str(path)) from error


def write_text(path: Path, text: str, *, force: bool = False) -> None:
    """Write a file and the folders around it; ConfigurationError if it exists, unless forced.

    A symbolic link exists, wherever it leads: a file behind it is not written, unless forced.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        problem = Problem("", None, "exists; --force replaces it")
        raise ConfigurationError([problem], str(path)) from None
