"""Frames that several queries read, computed once where the session lets them be kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import DataFrame

from modelwatch.capabilities import capabilities


@contextmanager
def persisted(frame: DataFrame) -> Iterator[DataFrame]:
    """The frame, which the first query that reads it computes for all; forgotten at the end.

    Where nothing may be kept, each query computes it again: what it reads is pinned to versions,
    and no expression depends on chance, so that all get the same rows.
    """
    if not capabilities(frame.sparkSession).persist:
        yield frame
        return
    held = frame.persist()
    try:
        yield held
    finally:
        held.unpersist()
