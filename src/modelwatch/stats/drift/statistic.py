"""Drift statistics and their registry."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import Floats
from modelwatch.stats.docstring import meaning_of
from modelwatch.stats.drift.comparison import Comparison, ComparisonKind, Values

StatisticFunction = Callable[[Comparison], Values]
StatisticBound = Callable[[Comparison], Floats]
EXACT = "exact, to rounding"
Register = Callable[[StatisticFunction], StatisticFunction]


@dataclass(frozen=True)
class Statistic:
    """A statistic of windows and their references: a pure function and its properties.

    ``range`` contains every defined value. ``identical`` is the value if both sides have the same
    rows. ``symmetric``: exchanging the sides changes nothing. ``smoothing`` is part of the
    identity: the same formula with another smoothing is a different statistic. ``threshold`` is the
    default, in the unit of the value, or None. ``bound`` says how much a value may differ from that
    of the raw rows, and ``error_bound`` computes it for each window, in the unit of the value. A
    statistic that ``needs_special_values`` applies only to features for which some are configured.
    ``advancing_dates``: whether it is of interest for dates that advance with the days of the rows.
    """

    key: str
    label: str
    kinds: tuple[ComparisonKind, ...]
    range: tuple[float, float]
    identical: float
    symmetric: bool
    smoothing: str
    unit: str
    source: str
    meaning: str
    compute: StatisticFunction
    threshold: float | None
    bound: str
    error_bound: StatisticBound | None
    needs_special_values: bool
    advancing_dates: bool

    def error_bounds(self, comparison: Comparison, found: Values) -> Floats:
        """Maximum error of each of its values, NaN if unknown, in the shape of the values."""
        known = np.full(found.value.shape, 0.0 if self.bound == EXACT else np.nan)
        if self.error_bound is not None:
            known = np.broadcast_to(self.error_bound(comparison), found.value.shape)
        return np.where(np.isfinite(found.value), known, np.nan)

    def applies(self, comparison: Comparison) -> bool:
        """Whether the states contain what the statistic needs."""
        if not set(self.kinds) & set(comparison.kinds):
            return False
        return not self.needs_special_values or bool(comparison.numeric[0].binning.special_values)


STATISTICS: dict[str, Statistic] = {}
"""Every statistic by its key; complete once ``modelwatch.stats.drift.statistics`` is imported."""


def default_thresholds() -> dict[str, float]:
    """Default thresholds of the registered statistics that have one, sorted by key."""
    found = {key: one.threshold for key, one in sorted(STATISTICS.items())}
    return {key: threshold for key, threshold in found.items() if threshold is not None}


def require_for_thresholds(part: str, present: Collection[str]) -> None:
    """ValueError if a statistic with a default threshold has no such part."""
    missing = [key for key in default_thresholds() if key not in present]
    if missing:
        raise ValueError(f"{part} is missing for the statistics {', '.join(missing)}")


def statistic(
    key: str,
    *,
    label: str,
    kinds: tuple[ComparisonKind, ...],
    range: tuple[float, float],
    symmetric: bool,
    source: str,
    bound: str,
    threshold: float | None = None,
    identical: float = 0.0,
    smoothing: str = "none",
    unit: str = "",
    error_bound: StatisticBound | None = None,
    needs_special_values: bool = False,
    advancing_dates: bool = False,
) -> Register:
    """Registers a function as a statistic; the first paragraph of its docstring is its meaning.

    A statistic with a ``threshold`` needs a sampling variance or a model of its own
    (``stats.verdicts``) and a wording (``model.incidents.metric_labels``): importing these modules
    fails without them.
    """

    def register(compute: StatisticFunction) -> StatisticFunction:
        if key in STATISTICS:
            raise ValueError(f"two statistics are called {key!r}")
        meaning = meaning_of(compute, key)
        STATISTICS[key] = Statistic(
            key=key,
            label=label,
            kinds=kinds,
            range=range,
            identical=identical,
            symmetric=symmetric,
            smoothing=smoothing,
            unit=unit,
            source=source,
            meaning=meaning,
            compute=compute,
            threshold=threshold,
            bound=bound,
            error_bound=error_bound,
            needs_special_values=needs_special_values,
            advancing_dates=advancing_dates,
        )
        return compute

    return register
