"""Stored states sorted by feature and segment, as one group of numpy arrays for each."""

from __future__ import annotations

from pyspark.sql import DataFrame

from modelwatch.evaluation.states.groups import GROUP_KEY


def grouped(states: DataFrame) -> DataFrame:
    """Stored states as ``state_groups`` expects them: each group in one partition, sorted."""
    return states.repartition(*GROUP_KEY).sortWithinPartitions(
        *GROUP_KEY, "day", "source", "model_version"
    )
