"""Performance of windows, computed from stored states, distributed by segment."""

from __future__ import annotations

from pyspark.sql import DataFrame

from modelwatch.evaluation.performance.evaluated_windows import answering
from modelwatch.evaluation.performance.question import ScoreQuestion, answer_schema
from modelwatch.evaluation.performance.score_groups import SCORE_GROUP, STATE_ORDER
from modelwatch.spark.python_tasks import sorted_in_python


def performance_rows(states: DataFrame, question: ScoreQuestion) -> DataFrame:
    """Return the rows of all tables in ``ANSWERS``; the column ``OF_TABLE`` contains the table
    name.

    ``states`` has the columns of performance_states. One shuffle.
    """
    return sorted_in_python(
        states, answering(question), answer_schema(), by=SCORE_GROUP, order=STATE_ORDER
    )
