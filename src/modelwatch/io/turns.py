"""Turns of processes that write the same table on a local disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from urllib.parse import unquote, urlsplit

from modelwatch.io.addresses import Place

try:
    import fcntl
except ImportError:  # no such locks on Windows
    fcntl = None  # type: ignore[assignment]

_TOUCH_SECONDS = 2.0
_WAITING: list[tuple[Path, str]] = []
"""Tables whose turn a thread waits for, with the file of the lock."""


@contextmanager
def turn(place: Place) -> Iterator[None]:
    """Wait until no other process of this machine writes the table, and keep others waiting.

    Delta commits by a rename that fails if the file exists. Object stores and HDFS have that; on a
    local disk, check and rename are two steps, and of two commits at once one could be lost. The
    lock ends with the process, however that ends. Tables elsewhere need no turn and get none. Whose
    turn it is touches the lock's file now and then, by which those who wait see that it lives.
    """
    folder = folder_of_turns(place)
    if folder is None:
        yield
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{folder.name}.lock").open("a") as lock:
        with _waiting(folder, lock.name):
            fcntl.flock(lock, fcntl.LOCK_EX)
        over = Event()
        Thread(target=_touch, args=(lock.name, over), name="modelwatch turn", daemon=True).start()
        try:
            yield
        finally:
            over.set()


def awaited_turns() -> dict[str, int]:
    """Tables whose turn this process waits for, with the last sign of life of whose turn it is."""
    found = {}
    for folder, lock in tuple(_WAITING):
        with suppress(OSError):
            found[str(folder)] = os.stat(lock).st_mtime_ns
    return found


@contextmanager
def _waiting(folder: Path, lock: str) -> Iterator[None]:
    _WAITING.append((folder, lock))
    try:
        yield
    finally:
        _WAITING.remove((folder, lock))


def _touch(lock: str, over: Event) -> None:
    while not over.wait(_TOUCH_SECONDS):
        with suppress(OSError):
            os.utime(lock)


def folder_of_turns(place: Place) -> Path | None:
    """The folder of a table whose writers take turns; None for any other."""
    if place.path is None or fcntl is None:
        return None
    if place.path.startswith("file:"):
        return Path(unquote(urlsplit(place.path).path))
    return None if "://" in place.path else Path(place.path)
