"""The only module that prints, to stdout and stderr."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from typing import Any, TextIO

from modelwatch.model.plain_text import code_point_escape

_LAYOUT = frozenset("\n\t")
"""Control characters that are allowed: line breaks and tabs."""


def printable(text: str) -> str:
    r"""A text in which everything else that a terminal acts on or hides is escaped.

    Control characters, ANSI escapes, bidirectional overrides, zero-width characters, and unusual
    spaces become ``\uXXXX`` or ``\UXXXXXXXX``, which JSON, YAML, and Python read as the same text.
    Line breaks and tabs are kept.
    """
    if text.isprintable():
        return text
    return "".join(c if c in _LAYOUT or c.isprintable() else code_point_escape(c) for c in text)


def say(text: object = "", *, end: str = "\n", flush: bool = False) -> None:
    """Print a text to stdout."""
    print(_shown(str(text), sys.stdout), end=end, flush=flush)


def print_error(text: object, *, flush: bool = False) -> None:
    """Print a text to stderr.

    Under spark-submit, the JVM passes the text on; if it is gone, nobody reads it.
    """
    with suppress(BrokenPipeError):
        print(_shown(str(text), sys.stderr), file=sys.stderr, flush=flush)


def _shown(text: str, stream: Any) -> str:
    # The encoding of the terminal may lack some characters.
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return printable(text).encode(encoding, "backslashreplace").decode(encoding)


def error_stream() -> TextIO:
    """The current stderr, for output that draws on a terminal."""
    return sys.stderr


class _Format(logging.Formatter):
    """The message of a record, including its traceback, in a form that is safe for a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """The text of a record."""
        return _shown(super().format(record), sys.stderr)


def log_to_terminal() -> None:
    """Send log records and Python's warnings to stderr; the package's own from INFO.

    An existing handler of the embedding process is kept, and no second one is added.
    """
    root = logging.getLogger()
    if not root.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_Format("%(message)s"))
        root.addHandler(handler)
    logging.getLogger("modelwatch").setLevel(logging.INFO)
    logging.captureWarnings(True)
