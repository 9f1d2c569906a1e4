"""States of days added up by the tasks that read them: those on each side of a change, and those of
each month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from modelwatch.evaluation.batch_functions import BatchFunction
from modelwatch.evaluation.states.rolled import (
    MONTHLY_FEATURES,
    MONTHLY_PERFORMANCE,
    ROLLED_SCHEMA,
    TwoSpans,
    feature_months,
    performance_months,
    rolled_rows,
)
from modelwatch.spark.python_tasks import in_python, sorted_in_python
from modelwatch.spark.states.groups import grouped
from modelwatch.stats.states.binning import Binning, CategoricalBinning
from modelwatch.stats.states.categorical import CategoricalStates
from modelwatch.stats.states.leave_out import FeatureStates
from modelwatch.stats.states.numeric import NumericStates
from modelwatch.tables import Table
from modelwatch.tables.arrow import arrow_schema


def states_by_side(
    states: DataFrame, binnings: Mapping[tuple[str, str], Binning], asked: Sequence[TwoSpans]
) -> list[dict[tuple[str, str], dict[int, FeatureStates]]]:
    """For each of ``asked``, by role and name of a feature, its states by side: 0 before, 1 after.

    ``states`` has the columns of feature_states and ``source``. A feature has the sides on which it
    has rows. The driver receives two states per scope, feature, and change, for any number of days.
    """
    if not asked:
        return []
    ask = tuple(asked)
    of_features = grouped(states.where(F.col("kind").isin("numeric", "categorical")))
    frame = in_python(
        of_features, lambda records: rolled_rows(records, binnings, ask), ROLLED_SCHEMA
    )
    found: list[dict[tuple[str, str], dict[int, FeatureStates]]] = [{} for _ in ask]
    for row in frame.collect():
        key = (row["role"], row["feature"])
        found[row["asked"]].setdefault(key, {})[row["side"]] = _state(row, binnings[key])
    return found


def _state(row: Row, binning: Binning) -> FeatureStates:
    counts = np.array([row["counts"]], dtype=np.int64)
    if isinstance(binning, CategoricalBinning):
        none = np.array([np.nan])
        unseen = (dict(row["unseen"] or {}),)
        return CategoricalStates(binning, counts, unseen, np.zeros(1, dtype=np.int64), none, none)
    ends = (np.array([row[name]], dtype=np.float64) for name in ("minimum", "maximum"))
    return NumericStates(binning, counts, np.array([row["sums"]], dtype=np.int64), *ends)


def monthly_states(states: DataFrame) -> DataFrame:
    """Rows of feature_states added up by month, in the columns of feature_states_monthly.

    There is one row per day and scope. States of different bins are added up separately. One
    shuffle.
    """
    return _by_month(states, MONTHLY_FEATURES, feature_months)


def monthly_performance(states: DataFrame) -> DataFrame:
    """Rows of performance_states added up by month, in the columns of performance_states_monthly.

    States of different bins are added up separately. One shuffle.
    """
    return _by_month(states, MONTHLY_PERFORMANCE, performance_months)


def _by_month(states: DataFrame, table: Table, added_up: BatchFunction) -> DataFrame:
    months = states.withColumn("month", F.trunc("day", "month"))
    of_days = [name for name in table.own_names if name not in ("days", "part")]
    key = [name for name in table.own_key if name != "part"]
    schema = arrow_schema(table, *table.own_names)
    return sorted_in_python(
        months.select("day", *of_days), added_up, schema, by=key, order=(*key, "day")
    )
