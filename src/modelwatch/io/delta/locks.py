"""Locks between processes that write the same table on a local disk."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import IO
from urllib.parse import unquote, urlsplit

from modelwatch.io.delta.addresses import Place
from modelwatch.io.delta.table_schema import OutputError

try:
    import fcntl
except ImportError:  # not available on Windows
    fcntl = None  # type: ignore[assignment]

_TOUCH_SECONDS = 2.0
_NO_FILE = "{} is not a file, but writers of the table next to it lock it: remove it"
_WAITING: list[tuple[str, Callable[[], int]]] = []
"""Tables whose lock a thread waits for, with the last sign of life of the holder."""


@contextmanager
def table_lock(place: Place) -> Iterator[None]:
    """Wait until no other process of this machine writes the table, and hold its lock.

    Delta commits by a rename that fails if the file exists. HDFS supports that. On a local disk,
    check and rename are two steps, and one of two concurrent commits could be lost.
    The lock ends with the process, however it ends. Other tables need no lock. The holder touches
    the lock file from time to time, so waiting processes see that it is alive.
    """
    folder = lock_folder(place)
    if folder is None:
        yield
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    path = folder.parent / f".{folder.name}.lock"
    with _opened(path) as lock:
        with waiting(str(folder), lambda: os.lstat(path).st_mtime_ns):
            fcntl.flock(lock, fcntl.LOCK_EX)
        over = Event()
        touching = Thread(
            target=_touch, args=(lock.fileno(), over), name="modelwatch turn", daemon=True
        )
        touching.start()
        try:
            yield
        finally:
            over.set()
            # The inode of a deleted file may be reused.
            touching.join()


def awaited_locks() -> dict[str, int]:
    """Tables whose lock this process waits for, with the last sign of life of its holder."""
    found = {}
    for table, sign in tuple(_WAITING):
        with suppress(OSError):
            found[table] = sign()
    return found


def _opened(path: Path) -> IO[bytes]:
    """The lock file, created if missing; OutputError if it is not a regular file.

    Anyone with write access to the folder may place a link there; its target is never created,
    changed, or touched.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        lock = os.fdopen(os.open(path, flags, 0o666), "r+b", buffering=0)
    except OSError as error:
        if not (path.is_symlink() or path.is_dir() or error.errno == errno.ENXIO):
            raise
        raise OutputError(_NO_FILE.format(path)) from None
    if stat.S_ISREG(os.fstat(lock.fileno()).st_mode):
        return lock
    lock.close()
    raise OutputError(_NO_FILE.format(path))


@contextmanager
def waiting(table: str, sign: Callable[[], int]) -> Iterator[None]:
    """A block in which a thread waits for the lock of a table; ``sign`` has the last sign of life
    of its holder, in any unit."""
    one = (table, sign)
    _WAITING.append(one)
    try:
        yield
    finally:
        _WAITING.remove(one)


def _touch(lock: int, over: Event) -> None:
    while not over.wait(_TOUCH_SECONDS):
        with suppress(OSError):
            os.utime(lock)


def lock_folder(place: Place) -> Path | None:
    """The folder of a table whose writers use locks; None for other tables."""
    if place.path is None or fcntl is None:
        return None
    if place.path.startswith("file:"):
        return Path(unquote(urlsplit(place.path).path))
    return None if "://" in place.path else Path(place.path)
