"""States of days added up to one state a month."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from modelwatch.spark.python_tasks import in_python
from modelwatch.stats.state import State
from modelwatch.tables import TABLES
from modelwatch.tables.arrow import arrow_schema

_TABLE = TABLES["feature_states_monthly"]
_KEY = (
    "month",
    "role",
    "model_version",
    "segmentation",
    "segment",
    "feature",
    "kind",
    "binning",
)
MONTHLY_COLUMNS = tuple(name for name in _TABLE.names if name not in ("monitor", "run_id"))
_SCHEMA = arrow_schema(_TABLE, *MONTHLY_COLUMNS)
_ROWS_A_BATCH = 500


def monthly_states(states: DataFrame) -> DataFrame:
    """Rows of feature_states added up by month, in ``MONTHLY_COLUMNS``; one shuffle.

    Of each day and scope there is one row. States of other bins are added up apart.
    """
    months = states.withColumn("month", F.trunc("day", "month"))
    schema = ", ".join(f"{name} {_TABLE.column(name).type}" for name in MONTHLY_COLUMNS)
    keyed = months.repartition(*_KEY).sortWithinPartitions(*_KEY, "day")
    held = [name for name in MONTHLY_COLUMNS if name != "days"]
    return in_python(keyed.select(*held), added_up, schema)


def added_up(records: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Rows in ``MONTHLY_COLUMNS`` without ``days``, sorted by scope, as a row a scope."""
    rows: list[dict[str, Any]] = []
    for row in _merged(row for record in records for row in record.to_pylist()):
        rows.append(row)
        if len(rows) >= _ROWS_A_BATCH:
            yield pa.RecordBatch.from_pylist(rows, schema=_SCHEMA)
            rows = []
    if rows:
        yield pa.RecordBatch.from_pylist(rows, schema=_SCHEMA)


def _merged(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Merges neighbours of equal key."""
    key: tuple[Any, ...] | None = None
    state, count, days = None, 0, 0
    for row in rows:
        of = tuple(row[name] for name in _KEY)
        if key is not None and of != key:
            assert state is not None
            yield _row(key, state, count, days)
            state, count, days = None, 0, 0
        found = _state(row)
        key, count, days = of, count + row["rows"], days + 1
        state = found if state is None else state.merge(found)
    if key is not None and state is not None:
        yield _row(key, state, count, days)


def _state(row: dict[str, Any]) -> State:
    sketch, unseen, sums = row["distinct_sketch"], row["unseen"], row["sums"]
    length = row["length_sum"]
    return State(
        counts=np.array(row["counts"], dtype=np.int64),
        sums=None if sums is None else np.array(sums, dtype=np.int64),
        minimum=_or_nan(row["minimum"]),
        maximum=_or_nan(row["maximum"]),
        sketch=None if sketch is None else np.frombuffer(sketch, dtype="<u8"),
        unseen=None if unseen is None else {one["value"]: one["rows"] for one in unseen},
        lengths=None
        if length is None
        else (length, _or_nan(row["length_min"]), _or_nan(row["length_max"])),
    )


def _row(key: tuple[Any, ...], state: State, rows: int, days: int) -> dict[str, Any]:
    lengths = state.lengths or (None, None, None)
    unseen = state.unseen
    return {
        **dict(zip(_KEY, key, strict=True)),
        "days": days,
        "rows": rows,
        "counts": state.counts,
        "sums": state.sums,
        "minimum": _or_none(state.minimum),
        "maximum": _or_none(state.maximum),
        "distinct_sketch": None if state.sketch is None else state.sketch.astype("<u8").tobytes(),
        "unseen": None
        if unseen is None
        else [{"value": value, "rows": count} for value, count in unseen.items()],
        "length_sum": lengths[0],
        "length_min": _whole(lengths[1]),
        "length_max": _whole(lengths[2]),
    }


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _whole(value: float | None) -> int | None:
    return None if value is None or np.isnan(value) else int(value)
