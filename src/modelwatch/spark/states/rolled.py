"""States of features before and after some days, added up by the tasks that read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from modelwatch.evaluation.states.rolled import ROLLED_SCHEMA, TwoSpans, rolled_rows
from modelwatch.spark.python_tasks import in_python
from modelwatch.spark.states.groups import grouped
from modelwatch.stats.states.binning import Binning, CategoricalBinning
from modelwatch.stats.states.categorical import CategoricalStates
from modelwatch.stats.states.leave_out import FeatureStates
from modelwatch.stats.states.numeric import NumericStates


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
