"""Rows that the driver holds, as a frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from pyspark.sql import DataFrame, SparkSession


def frame_of(session: SparkSession, rows: Sequence[Sequence[Any]], schema: str) -> DataFrame:
    """Rows of values in the order of a schema in DDL; NaN becomes null, as in any output table.

    They go as Arrow, of which Spark makes a relation that it holds itself: rows that Python
    pickles it would have unpickled by a Python worker, in a Spark job, whenever they are read.
    """
    if not rows:
        return session.createDataFrame([], schema)
    # As objects: pandas would make floating-point numbers of whole ones where some are missing.
    columns = [pd.Series(values, dtype=object) for values in zip(*rows, strict=True)]
    return session.createDataFrame(pd.DataFrame(dict(enumerate(columns))), schema)
