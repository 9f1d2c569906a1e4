"""Profiles, drift, and repeated days, computed from stored states, distributed by feature and
segment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from modelwatch.evaluation.drift.evaluated_windows import (
    DRIFT_SCHEMA,
    PROFILE_SCHEMA,
    drifts_of,
    profiles_of,
)
from modelwatch.evaluation.drift.question import Evaluation
from modelwatch.evaluation.drift.repeated_days import (
    REPEATED_SCHEMA,
    Repeated,
    RequestedDays,
    repeat_rows,
)
from modelwatch.spark.python_tasks import in_python
from modelwatch.spark.states.groups import grouped
from modelwatch.stats.states.binning import Binning


def profile_rows(states: DataFrame, evaluation: Evaluation) -> DataFrame:
    """Profile metrics of every window: ``PROFILE_SCHEMA``.

    ``states`` has the columns of feature_states, with ``source`` (the role of the table) in
    addition to ``role`` (the role of the feature), as returned by ``grouped``.
    """
    return in_python(states, profiles_of(evaluation), PROFILE_SCHEMA)


def drift_rows(states: DataFrame, evaluation: Evaluation) -> DataFrame:
    """Drift statistics of every window and reference: ``DRIFT_SCHEMA``.

    ``states`` as for ``profile_rows``.
    """
    return in_python(states, drifts_of(evaluation), DRIFT_SCHEMA)


def repeated_days(
    states: DataFrame, binnings: Mapping[tuple[str, str], Binning], asked: Sequence[RequestedDays]
) -> list[dict[tuple[str, str], Repeated]]:
    """For each of ``asked``, by role and name of a feature, the day that repeats another one.

    ``states`` has the columns of feature_states and ``source``, for the requested days and those
    before them.
    """
    ask = tuple(asked)
    of_features = grouped(states.where(F.col("kind").isin("numeric", "categorical")))
    frame = in_python(
        of_features, lambda records: repeat_rows(records, binnings, ask), REPEATED_SCHEMA
    )
    found: list[dict[tuple[str, str], Repeated]] = [{} for _ in ask]
    for row in frame.collect():
        day = Repeated(row["day"], row["of"], row["exact"], row["varies"])
        found[row["asked"]][row["role"], row["feature"]] = day
    return found
