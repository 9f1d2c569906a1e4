"""What single days, and references, show without a comparison: read from stored states."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame

from modelwatch.evaluation.drift.evaluated_windows import current_groups
from modelwatch.evaluation.drift.question import Evaluation
from modelwatch.evaluation.verdicts.day_facts import DayFact, facts_of_days, facts_of_references
from modelwatch.spark.python_tasks import in_python
from modelwatch.stats.day_numbers import day_number, numbered_day
from modelwatch.stats.value_names import ALL

_FIELDS: tuple[tuple[str, str, pa.DataType], ...] = (
    ("role", "string", pa.string()),
    ("feature", "string", pa.string()),
    ("reference", "string", pa.string()),
    ("day", "int", pa.int32()),
    ("rows", "bigint", pa.int64()),
    ("nulls", "bigint", pa.int64()),
    ("minimum", "double", pa.float64()),
    ("maximum", "double", pa.float64()),
    ("constant", "boolean", pa.bool_()),
    ("far", "bigint", pa.int64()),
)
_DDL = ", ".join(f"{name} {ddl}" for name, ddl, _ in _FIELDS)
_ARROW = pa.schema([(name, kind) for name, _, kind in _FIELDS])


def day_facts(states: DataFrame, evaluation: Evaluation, days: Collection[date]) -> list[DayFact]:
    """Facts of some days and of the fixed references, of those that may matter: answers of the
    model, features without values, and references with rows far beyond all others.

    ``states`` as ``drift_rows`` takes them.
    """
    numbers = np.array(sorted(day_number(day) for day in days), dtype=np.int64)

    def facts(records: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for group in current_groups(evaluation, records):
            if group.segmentation != ALL or group.kind == "pairs":
                continue
            states = group.stack(evaluation.features[group.role, group.feature].binning)
            rows = [
                *facts_of_days(group, states, numbers),
                *facts_of_references(evaluation, group, states),
            ]
            if rows:
                yield pa.RecordBatch.from_pylist(rows, schema=_ARROW)

    rows = in_python(states, facts, _DDL).collect()
    found = [
        DayFact(
            **{
                **row.asDict(),
                "day": None if row["day"] is None else numbered_day(row["day"]),
            }
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: (one.day or date.min, one.role, one.feature))
