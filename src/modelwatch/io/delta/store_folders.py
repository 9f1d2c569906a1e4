"""Folders of stores, reached through the JVM of the driver, and where commits need a lock."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from pyspark.sql import SparkSession

from modelwatch.capabilities import jvm_of
from modelwatch.io.delta.addresses import Place
from modelwatch.io.delta.snapshot import log_versions
from modelwatch.query_failures import QUERY_FAILURES

_SCHEMES = frozenset({"s3", "s3a", "s3n"})


class StoreFolder:
    """A folder of a file system of Hadoop."""

    def __init__(self, session: SparkSession, path: str) -> None:
        """Finds the file system; nothing is read or written yet."""
        self._jvm: Any = jvm_of(session)
        self._path = path
        context: Any = session.sparkContext
        self._files = self._at().getFileSystem(context._jsc.hadoopConfiguration())

    def put(self, name: str) -> None:
        """Write an empty file, or write it again."""
        self._files.create(self._at(name), True).close()

    def entries(self) -> dict[str, int]:
        """The names in the folder, with the time of the store when each was written, in ms; none if
        there is no folder."""
        try:
            found = self._files.listStatus(self._at())
        except QUERY_FAILURES as error:
            if "FileNotFoundException" in str(error):
                return {}
            raise
        return {one.getPath().getName(): one.getModificationTime() for one in found}

    def remove(self, name: str) -> None:
        """Remove a file if it exists."""
        self._files.delete(self._at(name), False)

    def remove_all(self) -> None:
        """Remove the folder with all that is in it, if it exists."""
        self._files.delete(self._at(), True)

    def _at(self, name: str = "") -> Any:
        return self._jvm.org.apache.hadoop.fs.Path(f"{self._path}/{name}" if name else self._path)


def commits_may_collide(session: SparkSession, place: Place) -> bool:
    """Whether Delta commits to a table by its log store for S3 that knows of one process only.

    False if the user has chosen the log store, and without a JVM at hand. Unknown, and hence False,
    for tables that a catalog locates.
    """
    scheme, jvm = urlsplit(place.path or "").scheme, jvm_of(session)
    if scheme not in _SCHEMES or jvm is None:
        return False
    chosen = (f"spark.delta.logStore.{scheme}.impl", "spark.delta.logStore.class")
    if any(session.conf.get(key, None) for key in chosen):
        return False
    # A name without a class is a package. A platform with a Delta of its own lacks this class.
    return type(jvm.io.delta.storage.S3SingleDriverLogStore).__name__ == "JavaClass"


def discard_empty_log_in_store(session: SparkSession, place: Place) -> None:
    """The same as ``discard_empty_log`` for a table in such a store, of which the caller holds the
    lock. Does nothing for other tables."""
    if commits_may_collide(session, place):
        log = StoreFolder(session, f"{place}/_delta_log")
        commits, checkpoints = log_versions(log.entries())
        if not commits and not checkpoints:
            log.remove_all()
