"""Warnings of libraries, which are for developers, go to the log instead of the terminal."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from modelwatch.log import LOG


@contextmanager
def warnings_to_log() -> Iterator[None]:
    """Send warnings of Python libraries, including numpy's floating-point warnings, to the debug
    log."""
    with warnings.catch_warnings():
        warnings.showwarning = _logged
        yield


def _logged(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    LOG.debug("%s:%d: %s: %s", filename, lineno, category.__name__, message)
