"""How much of the business value each segment brings, by what the decisions were worth lately."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta

from pyspark.sql import functions as F

from modelwatch.evaluation.performance.business_values import CONFUSION_VALUE
from modelwatch.io.store.output_tables import Store
from modelwatch.pipelines.runs.run import Request, Run
from modelwatch.pipelines.runs.stored_windows import stored_windows
from modelwatch.stats.value_names import ALL, ALL_VERSIONS

LATELY_DAYS = 90


def value_shares(run: Run, store: Store, request: Request) -> dict[tuple[str, str], float]:
    """Share of the business value by segmentation and segment; empty where none is configured.

    By the values of the cells, or by the first of the expressions where cells have none, over the
    windows of the first configured kind in the last ``LATELY_DAYS`` days. Costs one query, and none
    without segments or values.
    """
    config = request.config
    performance = config.performance
    if performance is None or not config.segments or not config.performance_windows:
        return {}
    values = performance.values
    metric = CONFUSION_VALUE if values.cells is not None else next(iter(values.expressions), None)
    if metric is None:
        return {}
    since = request.plan.as_of - timedelta(days=LATELY_DAYS)
    stored = stored_windows(run, store, request, "business_metrics", "performance", since)
    found = (
        stored.where(
            (F.col("window") == config.performance_windows[0])
            & (F.col("metric") == metric)
            & (F.col("statistic") == "sum")
            & (F.col("segmentation") != ALL)
            & (F.col("model_version") != ALL_VERSIONS)
            & F.col("value").isNotNull()
        )
        .groupBy("segmentation", "segment")
        .agg(F.sum("value").alias("value"))
        .collect()
    )
    return shares_of({(row["segmentation"], row["segment"]): row["value"] for row in found})


def shares_of(values: Mapping[tuple[str, str], float]) -> dict[tuple[str, str], float]:
    """Shares by segmentation and segment, of the sizes of their values: a loss matters as much."""
    whole: dict[str, float] = defaultdict(float)
    for (segmentation, _), value in values.items():
        whole[segmentation] += abs(value)
    return {key: abs(value) / whole[key[0]] for key, value in values.items() if whole[key[0]]}
