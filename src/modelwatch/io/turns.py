"""Turns of processes that write the same table on a local disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from modelwatch.io.addresses import Place

try:
    import fcntl
except ImportError:  # no such locks on Windows
    fcntl = None  # type: ignore[assignment]


@contextmanager
def turn(place: Place) -> Iterator[None]:
    """Wait until no other process of this machine writes the table, and keep others waiting.

    Delta commits by a rename that fails if the file exists. Object stores and HDFS have that; on a
    local disk, check and rename are two steps, and of two commits at once one could be lost. The
    lock ends with the process, however that ends. Tables elsewhere need no turn and get none.
    """
    folder = folder_of_turns(place)
    if folder is None:
        yield
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def folder_of_turns(place: Place) -> Path | None:
    """The folder of a table whose writers take turns; None for any other."""
    if place.path is None or fcntl is None:
        return None
    if place.path.startswith("file:"):
        return Path(unquote(urlsplit(place.path).path))
    return None if "://" in place.path else Path(place.path)
