"""The errors of a query that Spark could not run, over the bridge to the JVM and over Connect."""

from __future__ import annotations

from pyspark.errors import PySparkException

QUERY_FAILURES: tuple[type[Exception], ...] = (PySparkException,)
"""What an action raises where Spark could not carry it out."""
_BROKEN: tuple[type[Exception], ...] = (ConnectionError,)
_OF_BRIDGE: type[Exception] | None = None
try:
    from py4j.protocol import Py4JError, Py4JNetworkError
except ImportError:
    # A client of Spark Connect has no py4j, and raises none of its errors.
    pass
else:
    QUERY_FAILURES = (PySparkException, Py4JError)
    _BROKEN = (ConnectionError, Py4JNetworkError)
    _OF_BRIDGE = Py4JError


def is_broken_connection(error: BaseException) -> bool:
    """Whether the connection to the JVM broke, instead of the JVM reporting an error."""
    if isinstance(error, _BROKEN):
        return True
    # py4j says only this if a response is cut off; a Java error comes with its trace.
    return type(error) is _OF_BRIDGE and "Trace:" not in str(error)
