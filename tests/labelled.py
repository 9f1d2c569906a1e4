"""Predictions with labels in memory, and what a monitor keeps and says of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from modelwatch.model.config.configuration import DaySource, MonitorConfig
from modelwatch.model.planning.label_plan import LabelPlan
from modelwatch.model.planning.plan import Plan
from modelwatch.model.planning.windows import Window
from modelwatch.pipelines.performance.stage import question_of
from modelwatch.pipelines.sources.frames import Sources
from modelwatch.pipelines.states.day_states import StatesOf
from modelwatch.pipelines.states.label_states import label_states
from modelwatch.stats.states.binning import Binning, CategoricalBinning, fit_numeric
from monitored import TWO_TABLES, InMemory, states_of
from shop import labels_section

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row

DAY = date(2013, 2, 1)
AS_OF = date(2013, 2, 20)
DUE = 10
LABELLED: dict[str, Any] = {
    **TWO_TABLES,
    "segments": [{"name": "region", "columns": "region"}],
    "labels": labels_section("labels", DUE),
    "performance": {
        "task": "binary",
        "score": "score",
        "decision": {"threshold": 0.5},
        "values": {"expressions": {"lost": "if(label = 1, amount, 0)"}},
        "slices": ["amount"],
    },
}
BINS: dict[tuple[str, str], Binning] = {
    ("inputs", "amount"): fit_numeric(np.arange(50.0), 0.0, 49.0, bins=10),
    ("predictions", "score"): fit_numeric(np.arange(100) / 100, 0.0, 0.99, bins=20),
    ("score", "score"): fit_numeric(np.arange(100) / 100, 0.0, 0.99, bins=20),
    ("segments", "region"): CategoricalBinning(("north", "south")),
}


def sources_of_labels(config: MonitorConfig, frames: Mapping[str, DataFrame]) -> Sources:
    """Frames by role as the tables of a monitor."""
    assert config.labels is not None
    days: dict[str, DaySource | None] = {"inputs": config.inputs.day, "labels": config.labels.day}
    if config.two_tables and config.predictions is not None:
        days["predictions"] = config.predictions.day
    opened: dict[str, Any] = {role: InMemory(rows, days[role]) for role, rows in frames.items()}
    return Sources(config, opened)


def states_of_labels(
    config: MonitorConfig,
    frames: Mapping[str, DataFrame],
    days: Collection[date],
    as_of: date,
    bins: Mapping[tuple[str, str], Binning] = BINS,
) -> DataFrame:
    """States of some days, in the columns of performance_states."""
    sources = sources_of_labels(config, frames)
    return label_states(states_of(config, sources, bins), sources, sorted(days), as_of)


def dense_states(rows: Iterable[Row]) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Rows of performance_states by day, due day, version, segment, kind and name.

    Their parts are put together, and their due days are taken apart.
    """
    held: dict[tuple[Any, ...], dict[str, Any]] = {}
    parts: set[tuple[Any, ...]] = set()
    for row in rows:
        scope = tuple(row[n] for n in ("model_version", "segmentation", "segment", "kind", "name"))
        assert (row["day"], *scope, row["part"]) not in parts
        parts.add((row["day"], *scope, row["part"]))
        entries = zip(row["due_days"], row["positions"], row["counts"], row["sums"], strict=True)
        vectors = [(due, at, n, s) for due, at, n, s in entries]
        dues = {due for due, *_ in vectors} or {row["day"]}
        for due in dues:
            state = held.setdefault(
                (row["day"], due, *scope),
                {
                    "counts": [0] * row["counts_length"],
                    "sums": [0] * row["sums_length"] or None,
                    **{name: row[name] for name in ("last_known", "next_known")},
                },
            )
            for _, at, count, total in (one for one in vectors if one[0] == due):
                if count:
                    state["counts"][at] += count
                if total:
                    state["sums"][at] += total
    return held


def answers_of(
    config: MonitorConfig,
    frames: Mapping[str, DataFrame],
    window: Window,
    as_of: date = AS_OF,
    bins: Mapping[tuple[str, str], Binning] = BINS,
) -> dict[str, list[Row]]:
    """All that is said of one window, by table."""
    from modelwatch.spark.performance.evaluated_windows import performance_rows

    sources = sources_of_labels(config, frames)
    states: StatesOf = states_of(config, sources, bins)
    plan = Plan(config.monitor, as_of, labels=LabelPlan({}, (window,)))
    question = question_of(states, plan)
    kept = label_states(states, sources, tuple(window.days), as_of)
    found: dict[str, list[Row]] = {}
    for row in performance_rows(kept, question).collect():
        found.setdefault(row["table"], []).append(row)
    return found
