"""How much each feature matters to the model: as configured, or learned from its decisions."""

from __future__ import annotations

import numpy as np
from pyspark.sql import functions as F

from modelwatch.io.store.output_tables import Store
from modelwatch.model.config.configuration import labels_fingerprint
from modelwatch.model.incidents.importance import importances
from modelwatch.pipelines.runs.history import of_days, of_runs
from modelwatch.pipelines.runs.run import Request, Run
from modelwatch.stats.attribution.influence import influence
from modelwatch.stats.states.binary import DECISIONS, LABELS

LEARNED_DAYS = 7
"""Newest days of the reference whose decisions are looked at."""


def feature_importances(run: Run, store: Store, request: Request) -> dict[str, float]:
    """The importance of each feature; 1 is that of a feature of which nothing is known."""
    config = request.config
    features = {feature.name: feature.role for feature in request.plan.features}
    return importances(config.incidents.importance, _learned(run, store, request), features)


def _learned(run: Run, store: Store, request: Request) -> dict[str, float]:
    """By feature, how much the decisions of a binary model differ between its slices."""
    config, reference = request.config, request.config.binning_reference
    fingerprint = labels_fingerprint(config)
    binary = config.performance is not None and config.performance.task == "binary"
    if not binary or fingerprint is None or reference.table is not None or reference.days is None:
        return {}
    generation = request.history.run_of_label_day(fingerprint)
    generation |= dict.fromkeys(request.plan.labels.days, run.run_id)
    held = sorted(day for day in generation if day in reference.days)[-LEARNED_DAYS:]
    if not held:
        return {}
    needed = {day: generation[day] for day in held}
    slices = store.read("performance_states").where(
        (F.col("monitor") == config.monitor)
        & (F.col("kind") == "slice")
        & (F.col("segmentation") == "all")
        & F.col("name").isin(*(feature.name for feature in request.plan.features))
    )
    columns = ("name", "counts_length", "positions", "counts")
    found: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.int64]]] = {}
    for row in of_runs(of_days(slices, needed), needed).select(*columns).collect():
        cells = found.setdefault(row["name"], np.zeros(row["counts_length"], dtype=np.int64))
        np.add.at(cells, row["positions"], row["counts"])
    return {
        name: influence(cells.reshape(-1, DECISIONS, LABELS).sum(axis=2)[:, :2])
        for name, cells in found.items()
    }
