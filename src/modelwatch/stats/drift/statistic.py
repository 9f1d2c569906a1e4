"""What a statistic is, and the registry of them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import Floats
from modelwatch.stats.docstring import meaning_of
from modelwatch.stats.drift.comparison import Comparison, Kind, Values

Compute = Callable[[Comparison], Values]
Bound = Callable[[Comparison], Floats]
EXACT = "exact, to rounding"
Register = Callable[[Compute], Compute]


@dataclass(frozen=True)
class Statistic:
    """A statistic of windows and their references: a pure function and what is known about it.

    ``range`` holds every defined value. ``identical`` is the value when both sides hold the same
    rows. ``symmetric`` says that exchanging the sides changes nothing. ``smoothing`` is part of
    the identity: the same formula with another smoothing is another statistic. ``bound`` says by
    how much a value may differ from that of the raw rows, and ``error_bound`` gives it for each
    window, in the unit of the value. A statistic that ``needs_special_values`` is of features for
    which some are configured.
    """

    key: str
    label: str
    kinds: tuple[Kind, ...]
    range: tuple[float, float]
    identical: float
    symmetric: bool
    smoothing: str
    unit: str
    source: str
    meaning: str
    compute: Compute
    bound: str
    error_bound: Bound | None
    needs_special_values: bool

    def error_bounds(self, comparison: Comparison, found: Values) -> Floats:
        """By how much each of its values may be wrong, NaN where that is not known; the shape of
        the values."""
        known = np.full(found.value.shape, 0.0 if self.bound == EXACT else np.nan)
        if self.error_bound is not None:
            known = np.broadcast_to(self.error_bound(comparison), found.value.shape)
        return np.where(np.isfinite(found.value), known, np.nan)

    def applies(self, comparison: Comparison) -> bool:
        """Whether the states have what the statistic needs."""
        if not set(self.kinds) & set(comparison.kinds):
            return False
        return not self.needs_special_values or bool(comparison.numeric[0].binning.special_values)


STATISTICS: dict[str, Statistic] = {}
"""Every statistic by its key; complete once ``modelwatch.stats.drift.statistics`` is imported."""


def statistic(
    key: str,
    *,
    label: str,
    kinds: tuple[Kind, ...],
    range: tuple[float, float],
    symmetric: bool,
    source: str,
    identical: float = 0.0,
    smoothing: str = "none",
    unit: str = "",
    bound: str = EXACT,
    error_bound: Bound | None = None,
    needs_special_values: bool = False,
) -> Register:
    """Registers a function as a statistic; its docstring's first paragraph is its meaning."""

    def register(compute: Compute) -> Compute:
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
            bound=bound,
            error_bound=error_bound,
            needs_special_values=needs_special_values,
        )
        return compute

    return register
