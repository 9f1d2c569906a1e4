"""Rows in the driver as a DataFrame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession


def frame_of(session: SparkSession, rows: Sequence[Sequence[Any]], schema: str) -> DataFrame:
    """Rows of values in the order of a DDL schema; NaN becomes null, as in any output table.

    Rows are sent as Arrow, of which Spark makes a local relation. Rows that Python pickles would
    need a Spark job with a Python worker each time they are read.
    """
    if not rows:
        return session.createDataFrame([], schema)
    # As objects, because pandas converts integers to floating point if some are missing.
    columns = [pd.Series(values, dtype=object) for values in zip(*rows, strict=True)]
    return session.createDataFrame(pd.DataFrame(dict(enumerate(columns))), schema)


def frame_of_table(session: SparkSession, rows: pa.Table, schema: str) -> DataFrame:
    """Arrow rows in the order of a DDL schema, sent like those of ``frame_of``."""
    if not rows.num_rows:
        return session.createDataFrame([], schema)
    columns = {
        at: pd.Series(column.to_pylist(), dtype=object)
        if pa.types.is_nested(column.type)
        else column.to_pandas(types_mapper=pd.ArrowDtype)
        for at, column in enumerate(rows.columns)
    }
    return session.createDataFrame(pd.DataFrame(columns), schema)
