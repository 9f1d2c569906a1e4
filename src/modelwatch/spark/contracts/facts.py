"""Facts about each feature of a reference from stored states, for a contract."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from modelwatch.evaluation.contracts.facts import CONTRACT_FACTS, fact_reading
from modelwatch.spark.python_tasks import in_python
from modelwatch.spark.states.groups import grouped
from modelwatch.stats.states.binning import Binning
from modelwatch.stats.value_names import ALL


def state_facts(states: DataFrame, bins: Mapping[tuple[str, str], Binning]) -> DataFrame:
    """One row per feature, with its facts as JSON: ``CONTRACT_FACTS``, of bounded size.

    ``states`` has the columns of feature_states and ``source``; ``bins`` by role and feature.
    """
    of_features = states.where(
        (F.col("segmentation") == ALL) & F.col("kind").isin("numeric", "categorical")
    )
    return in_python(grouped(of_features), fact_reading(bins), CONTRACT_FACTS)
