"""Frames that several queries read, computed once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import DataFrame


@contextmanager
def persisted(frame: DataFrame) -> Iterator[DataFrame]:
    """The frame, which the first query that reads it computes for all; forgotten at the end."""
    held = frame.persist()
    try:
        yield held
    finally:
        held.unpersist()
