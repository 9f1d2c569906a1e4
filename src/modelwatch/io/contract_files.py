"""Files of contracts: read from beside the configuration, and written."""

from __future__ import annotations

from pathlib import Path

from modelwatch.model.errors import ConfigurationError, Problem


def text_of_file(path: Path) -> str:
    """The text of a file; ConfigurationError if it can't be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        told = f"cannot be read: {error.strerror or error}"
        raise ConfigurationError([Problem("", None, told)], str(path)) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError([Problem("", None, "is not UTF-8 text")], str(path)) from error


def write_text(path: Path, text: str, *, force: bool = False) -> None:
    """Write a file and the folders around it; ConfigurationError if it exists, unless forced."""
    if path.exists() and not force:
        raise ConfigurationError([Problem("", None, "exists; --force replaces it")], str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
