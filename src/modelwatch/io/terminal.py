"""The one place through which everything printed goes, to standard output and standard error."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from modelwatch.model.plain_text import code_point_escape

T = TypeVar("T")
_LAYOUT = frozenset("\n\t")
"""What a terminal acts on and is meant: ends of lines and tabs."""


def printable(text: str) -> str:
    r"""A text in which everything else that a terminal acts on or hides is escaped.

    Control characters, ANSI escapes, bidirectional overrides, zero-width characters and unusual
    spaces become ``\uXXXX`` or ``\UXXXXXXXX``, which JSON, YAML and Python read as the same text.
    Ends of lines and tabs stay.
    """
    if text.isprintable():
        return text
    return "".join(c if c in _LAYOUT or c.isprintable() else code_point_escape(c) for c in text)


def say(text: object = "", *, end: str = "\n", flush: bool = False) -> None:
    """Print a text to standard output."""
    print(_shown(str(text), sys.stdout), end=end, flush=flush)


def complain(text: object, *, flush: bool = False) -> None:
    """Print a text to standard error.

    Under spark-submit, whose Java passes the text on, nobody reads it once that is gone.
    """
    with suppress(BrokenPipeError):
        print(_shown(str(text), sys.stderr), file=sys.stderr, flush=flush)


def _shown(text: str, stream: Any) -> str:
    # A terminal may not know all characters that a text has.
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return printable(text).encode(encoding, "backslashreplace").decode(encoding)


class _Format(logging.Formatter):
    """The message of a record, its traceback included, as a terminal may show it."""

    def format(self, record: logging.LogRecord) -> str:
        """The text of a record."""
        return _shown(super().format(record), sys.stderr)


def log_to_terminal() -> None:
    """Send log records and Python's warnings to standard error; the package's own from INFO on.

    A handler that the embedding process has set up already stays, and gets no second one.
    """
    root = logging.getLogger()
    if not root.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_Format("%(message)s"))
        root.addHandler(handler)
    logging.getLogger("modelwatch").setLevel(logging.INFO)
    logging.captureWarnings(True)


def argument_of(parse: Callable[[str], T]) -> Callable[[str], T]:
    """A function that reads an argument; what its ValueError says is shown with the usage."""

    def parsed(text: str) -> T:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parsed


class Parser(argparse.ArgumentParser):
    """A parser of arguments whose help and errors are printed as everything else."""

    def _print_message(self, message: str, file: Any = None) -> None:
        if not message:
            return
        if file in (None, sys.stderr):
            complain(message.removesuffix("\n"))
        else:
            say(message, end="")
