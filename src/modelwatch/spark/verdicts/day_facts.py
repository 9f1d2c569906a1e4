"""Facts about single days and references that need no comparison, read from stored states."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from pyspark.sql import DataFrame

from modelwatch.evaluation.drift.question import Evaluation
from modelwatch.evaluation.verdicts.day_facts import DAY_FACTS, DayFact, fact_reading
from modelwatch.spark.python_tasks import in_python
from modelwatch.stats.day_numbers import numbered_day


def day_facts(states: DataFrame, evaluation: Evaluation, days: Collection[date]) -> list[DayFact]:
    """Facts about some days and the fixed references that may matter: answers of the model,
    features without values, and references with rows far beyond all others.

    ``states`` as for ``drift_rows``.
    """
    rows = in_python(states, fact_reading(evaluation, days), DAY_FACTS).collect()
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
