"""Stored states, sorted by what they are of, as one group of numpy arrays a feature and segment."""

from __future__ import annotations

from pyspark.sql import DataFrame

from modelwatch.evaluation.states.groups import GROUP_KEY


def grouped(states: DataFrame) -> DataFrame:
    """Stored states as ``state_groups`` takes them: each group in one partition, ascending."""
    return states.repartition(*GROUP_KEY).sortWithinPartitions(
        *GROUP_KEY, "day", "source", "model_version"
    )
