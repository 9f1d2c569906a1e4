"""States of days added up to one state a month."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from modelwatch.evaluation.batch_functions import BatchFunction
from modelwatch.evaluation.states.monthly import (
    FEATURES,
    PERFORMANCE,
    feature_months,
    performance_months,
)
from modelwatch.spark.python_tasks import in_python
from modelwatch.tables import Table


def monthly_states(states: DataFrame) -> DataFrame:
    """Rows of feature_states added up by month, in the columns of feature_states_monthly.

    Of each day and scope there is one row. States of other bins are added up apart. One shuffle.
    """
    return _by_month(states, FEATURES, feature_months)


def monthly_performance(states: DataFrame) -> DataFrame:
    """Rows of performance_states added up by month, in the columns of performance_states_monthly.

    States of other bins are added up apart. One shuffle.
    """
    return _by_month(states, PERFORMANCE, performance_months)


def _by_month(states: DataFrame, table: Table, added_up: BatchFunction) -> DataFrame:
    months = states.withColumn("month", F.trunc("day", "month"))
    of_days = [name for name in table.own_names if name not in ("days", "part")]
    key = [name for name in table.own_key if name != "part"]
    keyed = months.repartition(*key).sortWithinPartitions(*key, "day")
    schema = ", ".join(f"{name} {table.column(name).type}" for name in table.own_names)
    return in_python(keyed.select("day", *of_days), added_up, schema)
