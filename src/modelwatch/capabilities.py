"""What a Spark session can do where it runs: each asked once, and of the session itself.

A version or the name of a platform decides nothing. What a session lacks has an alternative at the
place that needs it, and ``Capabilities.lacking`` names it for people.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any, Literal
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from pyspark.sql import DataFrame, SparkSession

from modelwatch.query_failures import QUERY_FAILURES

OUT_OF_REACH: tuple[type[Exception], ...] = (AttributeError, RuntimeError, OSError, *QUERY_FAILURES)
"""Errors of Spark Connect and closed platforms when asked for what they do not give, and of any
call after the JVM has ended."""
Interface = Literal["classic", "connect"]
_LENIENT = ("spark.sql.files.ignoreMissingFiles", "spark.sql.files.ignoreCorruptFiles")
_DEFAULT_FILES = "fs.defaultFS"


@dataclass(frozen=True)
class Capabilities:
    """What a session can do.

    ``spark_version``: release of the Spark that computes, which a client of Spark Connect may not
    share. ``interface``: ``classic``, or ``connect`` for Spark Connect. ``jvm``: Python can call
    the driver's JVM. ``persist``: results may be kept for queries to come.
    """

    spark_version: str
    interface: Interface
    jvm: bool
    persist: bool

    @property
    def lacking(self) -> tuple[str, ...]:
        """What the session lacks, each with what follows."""
        found = []
        if not self.jvm:
            found.append("no JVM to call: Spark jobs, tasks and their seconds are not counted")
        if not self.persist:
            found.append("no persist: what several queries read is computed again by each")
        return tuple(found)


_KNOWN: WeakKeyDictionary[SparkSession, Capabilities] = WeakKeyDictionary()
_REFUSED: WeakKeyDictionary[SparkSession, set[str]] = WeakKeyDictionary()
_ASKING = Lock()


def capabilities(session: SparkSession) -> Capabilities:
    """What a session can do; asked when it is first called for the session, without a Spark job."""
    with _ASKING:
        if session not in _KNOWN:
            _KNOWN[session] = Capabilities(
                spark_version=session.version,
                interface="connect" if _is_connect(session) else "classic",
                jvm=jvm_of(session) is not None,
                persist=_persists(session),
            )
        return _KNOWN[session]


def jvm_of(session: SparkSession) -> Any | None:
    """The JVM of the driver, as Python calls it; None where there is none at hand."""
    try:
        jvm: Any = session.sparkContext._jvm
    except OUT_OF_REACH:
        return None
    return jvm


def no_file_access(session: SparkSession) -> str | None:
    """Why the Python workers of a session cannot read local files of the driver; None if they
    can."""
    try:
        context: Any = session.sparkContext
        default = str(context._jsc.hadoopConfiguration().get(_DEFAULT_FILES))
    except OUT_OF_REACH:
        return "the session is another machine's"
    if urlsplit(default).scheme not in ("", "file"):
        return f"a path is one of {default}"
    lenient = [key for key in _LENIENT if str(session.conf.get(key, "false")).lower() == "true"]
    return f"{lenient[0]} is set" if lenient else None


def resolved(frame: DataFrame) -> DataFrame:
    """A frame whose columns are known to be there; raises AnalysisException if they are not.

    Over Spark Connect a frame is looked at only when somebody asks for its columns.
    """
    if capabilities(frame.sparkSession).interface == "connect":
        _ = frame.schema
    return frame


def _is_connect(session: SparkSession) -> bool:
    return ".connect." in f"{type(session).__module__}."


def _persists(session: SparkSession) -> bool:
    # This computes nothing, because persisting only marks a frame. A platform that does not allow
    # it raises immediately.
    try:
        session.range(19, 20).persist().unpersist()
    except OUT_OF_REACH:
        return False
    return True


def refused_settings(session: SparkSession) -> frozenset[str]:
    """SQL settings that the session has refused so far."""
    return frozenset(_REFUSED.get(session, ()))


def set_if_allowed(session: SparkSession, key: str, value: str) -> bool:
    """Whether a SQL setting has a value now; a setting that was refused is not asked for again."""
    refused = _REFUSED.setdefault(session, set())
    if key in refused:
        return False
    try:
        if session.conf.get(key, None) != value:
            session.conf.set(key, value)
    except OUT_OF_REACH:
        refused.add(key)
        return False
    return True


@contextmanager
def sql_settings(session: SparkSession, settings: Mapping[str, str]) -> Iterator[None]:
    """A block in which SQL settings of a session are others, those that may be set.

    Then they are as before.
    """
    refused = refused_settings(session)
    before = {}
    for key, value in settings.items():
        if key in refused:
            continue
        earlier = _value(session, key)
        if set_if_allowed(session, key, value):
            before[key] = earlier
    try:
        yield
    finally:
        for key, earlier in before.items():
            if earlier is None:
                session.conf.unset(key)
            else:
                session.conf.set(key, earlier)


def _value(session: SparkSession, key: str) -> str | None:
    try:
        return session.conf.get(key, None)
    except OUT_OF_REACH:
        return None
