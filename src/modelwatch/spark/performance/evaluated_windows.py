"""Performance of windows, read off stored states; distributed by segment."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from modelwatch.evaluation.performance.evaluated_windows import answering
from modelwatch.evaluation.performance.question import ScoreQuestion, answer_ddl
from modelwatch.evaluation.performance.score_groups import SCORE_GROUP
from modelwatch.spark.python_tasks import in_python


def performance_rows(states: DataFrame, question: ScoreQuestion) -> DataFrame:
    """Rows of all tables of ``ANSWERS``, told apart by ``TABLE``; one shuffle.

    ``states`` has the columns of performance_states.
    """
    sorted_states = states.repartition(*(F.col(name) for name in SCORE_GROUP)).sortWithinPartitions(
        *SCORE_GROUP, "kind", "name", "day"
    )
    return in_python(sorted_states, answering(question), answer_ddl())
