"""Locks between processes that write the same table in a store that cannot create atomically.

Delta commits by creating a file that must not exist. Delta's log store for S3 checks that in one
process only: of two drivers that commit at the same time, one overwrites the commit of the other.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from threading import Event, Thread
from typing import Protocol

from pyspark.sql import SparkSession

from modelwatch.capabilities import OUT_OF_REACH
from modelwatch.io.delta.addresses import Place
from modelwatch.io.delta.locks import lock_folder, table_lock, waiting
from modelwatch.io.delta.store_folders import StoreFolder, commits_may_collide

LEASE_SECONDS = 60.0
"""Time without a sign of life after which the entry of a process counts no more."""
TOUCH_SECONDS = 10.0
"""Time between the signs of life of a process that holds a lock or waits for one."""
LOOK_SECONDS = 0.2
"""Time between the looks of a process that waits."""


class LockFolder(Protocol):
    """A folder of a store in which a file that was written is listed at once."""

    def put(self, name: str) -> None:
        """Write an empty file, or write it again."""

    def entries(self) -> dict[str, int]:
        """The names of the files, with the time of the store when each was written, in ms."""

    def remove(self, name: str) -> None:
        """Remove a file if it exists."""


def writing_lock(session: SparkSession, place: Place) -> AbstractContextManager[None]:
    """Wait until no other process writes a table, and hold its lock.

    On a local disk that is ``table_lock``, and on S3 ``store_lock``.
    """
    if lock_folder(place) is not None:
        return table_lock(place)
    if not commits_may_collide(session, place):
        return nullcontext()
    parent, _, name = str(place.path).rstrip("/").rpartition("/")
    return store_lock(StoreFolder(session, f"{parent}/.{name}.lock"), str(place))


@contextmanager
def store_lock(folder: LockFolder, table: str) -> Iterator[None]:
    """Wait until no other process holds the lock of a folder, and hold it.

    A process announces itself by a file, and holds the lock once a listing shows no other file: of
    two that announce themselves at the same time, at least one sees the other. The earliest of
    those that wait stays, and the others withdraw until it is done. The store needs no other
    guarantee than that listings show what was written before.
    A process that dies leaves its file, which counts no more after ``LEASE_SECONDS``. One that is
    stopped for longer than that loses its lock without knowing.
    """
    entry = f"{time.time_ns():020d}-{uuid.uuid4()}"
    _wait_for_turn(folder, table, entry)
    over = Event()
    touching = Thread(
        target=_touch, args=(folder, entry, over), name="modelwatch store turn", daemon=True
    )
    touching.start()
    try:
        yield
    finally:
        over.set()
        # A file that is written once more would stay.
        touching.join()
        folder.remove(entry)


def _wait_for_turn(folder: LockFolder, table: str, entry: str) -> None:
    others: dict[str, int] = {}
    announced_at: float | None = None
    store_ahead_seconds = 0.0
    latest_sign = 0
    with waiting(table, lambda: latest_sign):
        while True:
            if others and min(others) < entry:
                if announced_at is not None:
                    folder.remove(entry)
                    announced_at = None
            elif announced_at is None or time.monotonic() - announced_at > TOUCH_SECONDS:
                folder.put(entry)
                announced_at = time.monotonic()
            others = folder.entries()
            mine = others.pop(entry, None)
            if mine is None or announced_at is None:
                # Not announced, or taken for dead by another process.
                announced_at = None
            else:
                # The clocks of machines differ; all of these times are the store's.
                store_ahead_seconds = mine / 1000 - announced_at
            oldest_ms = (time.monotonic() + store_ahead_seconds - LEASE_SECONDS) * 1000
            for name in [name for name, moment in others.items() if moment < oldest_ms]:
                folder.remove(name)
                del others[name]
            if announced_at is not None and not others:
                return
            latest_sign = max(others.values(), default=0)
            time.sleep(LOOK_SECONDS)


def _touch(folder: LockFolder, entry: str, over: Event) -> None:
    while not over.wait(TOUCH_SECONDS):
        # The next one may succeed, and without a JVM there is nothing to protect.
        with suppress(*OUT_OF_REACH):
            folder.put(entry)
