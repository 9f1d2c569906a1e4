"""Changes of a table that are repeated while another process changes it at the same time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from pyspark.sql import SparkSession

from modelwatch.io.delta.addresses import Place
from modelwatch.io.delta.store_locks import writing_lock
from modelwatch.query_failures import QUERY_FAILURES

_ATTEMPTS = 5
_CONCURRENT = (
    "DELTA_CONCURRENT",
    "DELTA_METADATA_CHANGED",
    "DELTA_PROTOCOL_CHANGED",
    "DELTA_CREATE_TABLE_WITH_NON_EMPTY_LOCATION",
    "DELTA_TABLE_ALREADY_EXISTS",
    "TABLE_OR_VIEW_ALREADY_EXISTS",
    "ConcurrentWriteException",
    "ConcurrentTransactionException",
    "MetadataChangedException",
    "ProtocolChangedException",
    "AlreadyExistsException",
)

Result = TypeVar("Result")


def retried(
    session: SparkSession, action: Callable[[], Result], place: Place, attempts: int = _ATTEMPTS
) -> Result:
    """A change of a table, repeated while another process changes it at the same time.

    Only errors after which nothing was committed are repeated.
    """
    try:
        with writing_lock(session, place):
            return action()
    except QUERY_FAILURES as error:
        if attempts <= 1 or not is_concurrent(error):
            raise
    time.sleep(0.2 * (1 + _ATTEMPTS - attempts))
    return retried(session, action, place, attempts - 1)


def is_concurrent(error: Exception) -> bool:
    """Whether an error says that another process changed or created a table at the same time."""
    text = f"{type(error).__name__} {error}"
    return any(sign in text for sign in _CONCURRENT)
