"""What the days of windows have in common with the days before them, among stored states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from modelwatch.evaluation.drift.repeated_days import DaysAsked, Repeated, repeat_rows
from modelwatch.spark.python_tasks import in_python
from modelwatch.spark.states.groups import grouped
from modelwatch.stats.states.binning import Binning

_DDL = "asked int, role string, feature string, day int, of int, exact boolean, varies boolean"


def repeated_days(
    states: DataFrame, binnings: Mapping[tuple[str, str], Binning], asked: Sequence[DaysAsked]
) -> list[dict[tuple[str, str], Repeated]]:
    """For each of ``asked``, by role and name of a feature, the day that repeats another.

    ``states`` has the columns of feature_states, and ``source`` beside ``role``, of the days asked
    and of those before them.
    """
    ask = tuple(asked)
    of_features = grouped(states.where(F.col("kind").isin("numeric", "categorical")))
    frame = in_python(of_features, lambda records: repeat_rows(records, binnings, ask), _DDL)
    found: list[dict[tuple[str, str], Repeated]] = [{} for _ in ask]
    for row in frame.collect():
        day = Repeated(row["day"], row["of"], row["exact"], row["varies"])
        found[row["asked"]][row["role"], row["feature"]] = day
    return found
