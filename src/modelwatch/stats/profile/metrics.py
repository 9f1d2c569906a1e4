"""Every profile metric: importing this module fills the registry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from modelwatch.stats.arrays import Hashes
from modelwatch.stats.profile import categorical, numeric, rows
from modelwatch.stats.profile.metric import (
    METRICS,
    Metric,
    MetricValues,
    ProfiledWindows,
    Unit,
    metric,
)
from modelwatch.stats.states.categorical import CategoricalStates
from modelwatch.stats.states.numeric import NumericStates

__all__ = [
    "METRICS",
    "OF_SEGMENTS",
    "PROFILE_MODULES",
    "Metric",
    "MetricValues",
    "ProfiledWindows",
    "Unit",
    "metric",
    "profile",
]

PROFILE_MODULES = (rows, numeric, categorical)
"""The modules whose metrics are registered."""
OF_SEGMENTS = tuple(
    key
    for key, known in METRICS.items()
    if known.unit != "JSON" and key != "distinct" and not key.startswith("length_")
)
"""Metrics of a segment: sketches, lengths, and unseen values are stored for all traffic only."""


def profile(
    states: NumericStates | CategoricalStates,
    *,
    distinct: Sequence[Hashes] | None = None,
    unit: Unit = "number",
    keys: Iterable[str] | None = None,
) -> dict[str, MetricValues]:
    """Values by key of every metric that applies to the states, or of the requested ones.

    ``distinct``: the sketch of each window. What segments do not store (sketches, lengths, unseen
    values) is undefined there, with a reason.
    """
    subject = ProfiledWindows(states, distinct, unit)
    wanted = METRICS if keys is None else {key: METRICS[key] for key in keys}
    return {key: known.evaluate(subject) for key, known in wanted.items() if known.applies(subject)}
