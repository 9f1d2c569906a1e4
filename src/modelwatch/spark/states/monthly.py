"""States of days added up to one state per month."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from modelwatch.evaluation.batch_functions import BatchFunction
from modelwatch.evaluation.states.monthly import (
    FEATURES,
    MONTHLY_PERFORMANCE,
    feature_months,
    performance_months,
)
from modelwatch.spark.python_tasks import sorted_in_python
from modelwatch.tables import Table
from modelwatch.tables.arrow import arrow_schema


def monthly_states(states: DataFrame) -> DataFrame:
    """Rows of feature_states added up by month, in the columns of feature_states_monthly.

    There is one row per day and scope. States of different bins are added up separately. One
    shuffle.
    """
    return _by_month(states, FEATURES, feature_months)


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
