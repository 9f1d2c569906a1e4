"""The importance of each feature: configured, or learned from the decisions of the model."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from modelwatch.io.delta.snapshot import Wanted
from modelwatch.io.store.output_tables import Store
from modelwatch.model.config.configuration import labels_fingerprint
from modelwatch.model.incidents.ranking import importances
from modelwatch.pipelines.runs.run import Request, Run
from modelwatch.stats.attribution.influence import influence
from modelwatch.stats.states.binary import DECISIONS
from modelwatch.stats.states.binary_margins import LABEL_VALUES

LEARNED_DAYS = 7
"""Number of days at the end of the reference whose decisions are used."""


def feature_importances(run: Run, store: Store, request: Request) -> dict[str, float]:
    """The importance of each feature; 1 if nothing is known about it."""
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
    among: dict[str, Collection[object]] = {
        "monitor": [config.monitor],
        "day": held,
        "run_id": {*needed.values()},
        "kind": ["slice"],
        "segmentation": ["all"],
        "name": [feature.name for feature in request.plan.features],
    }
    columns = ("day", "run_id", "name", "counts_length", "positions", "counts")
    found: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.int64]]] = {}
    for row in store.rows("performance_states", Wanted(among), *columns).to_pylist():
        if needed[row["day"]] != row["run_id"]:
            continue
        cells = found.setdefault(row["name"], np.zeros(row["counts_length"], dtype=np.int64))
        np.add.at(cells, row["positions"], row["counts"])
    return {
        name: influence(cells.reshape(-1, DECISIONS, LABEL_VALUES).sum(axis=2)[:, :2])
        for name, cells in found.items()
    }
