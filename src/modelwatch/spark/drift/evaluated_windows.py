"""Profiles and drift of windows, computed from stored states, distributed by feature and
segment."""

from __future__ import annotations

from pyspark.sql import DataFrame

from modelwatch.evaluation.drift.evaluated_windows import (
    DRIFT_SCHEMA,
    PROFILE_SCHEMA,
    drifts_of,
    profiles_of,
)
from modelwatch.evaluation.drift.question import Evaluation
from modelwatch.spark.python_tasks import in_python


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
