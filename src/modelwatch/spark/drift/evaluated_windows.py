"""Profiles and drift of windows, read off stored states; distributed by feature and segment."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame

from modelwatch.evaluation.batch_functions import BatchFunction
from modelwatch.evaluation.drift.evaluated_windows import (
    DRIFT_COLUMNS,
    PROFILE_COLUMNS,
    drifts_of,
    profiles_of,
)
from modelwatch.evaluation.drift.question import Evaluation
from modelwatch.spark.python_tasks import in_python
from modelwatch.tables import TABLES


def profile_rows(states: DataFrame, evaluation: Evaluation) -> DataFrame:
    """Profile metrics of every window: ``PROFILE_COLUMNS``.

    ``states`` has the columns of feature_states, with ``source`` (the role of the table) beside
    ``role`` (the role of the feature), as ``grouped`` leaves them.
    """
    return _evaluated(states, profiles_of(evaluation), "profile_metrics", PROFILE_COLUMNS)


def drift_rows(states: DataFrame, evaluation: Evaluation) -> DataFrame:
    """Drift statistics of every window against every reference: ``DRIFT_COLUMNS``.

    ``states`` as ``profile_rows`` takes them.
    """
    return _evaluated(states, drifts_of(evaluation), "drift_metrics", DRIFT_COLUMNS)


def _evaluated(
    states: DataFrame, function: BatchFunction, table: str, columns: Sequence[str]
) -> DataFrame:
    schema = ", ".join(f"{name} {TABLES[table].column(name).type}" for name in columns)
    return in_python(states, function, schema)
