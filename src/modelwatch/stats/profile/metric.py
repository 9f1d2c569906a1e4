"""Profile metrics and their registry."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, TypeVar

import numpy as np

from modelwatch.errors import instance_of
from modelwatch.stats.arrays import AnyArray, Floats, Hashes
from modelwatch.stats.docstring import meaning_of
from modelwatch.stats.drift.comparison import values
from modelwatch.stats.drift.statistic import EXACT
from modelwatch.stats.states.categorical import CategoricalStates
from modelwatch.stats.states.numeric import NumericStates

T = TypeVar("T")

FeatureKind = Literal["numeric", "categorical"]
Unit = Literal["number", "day", "microsecond"]
"""The unit of a numeric feature: itself, days since 1970-01-01, or microseconds since then, UTC."""
STEPS_PER_DAY: Mapping[Unit, float] = {"day": 1.0, "microsecond": 86_400e6}


@dataclass(frozen=True)
class ProfiledWindows:
    """A stack of W windows of one feature, with what its states do not contain.

    ``distinct``: the merged sketch of each window; None for states without sketches.
    """

    states: NumericStates | CategoricalStates
    distinct: Sequence[Hashes] | None = None
    unit: Unit = "number"

    def memoized(self, compute: Callable[[ProfiledWindows], T]) -> T:
        """What several metrics share, computed for the first of them."""
        if compute not in self._shared:
            self._shared[compute] = compute(self)
        found: T = self._shared[compute]
        return found

    @cached_property
    def _shared(self) -> dict[Callable[[ProfiledWindows], Any], Any]:
        return {}

    @property
    def kind(self) -> FeatureKind:
        """The kind of the feature."""
        return "numeric" if isinstance(self.states, NumericStates) else "categorical"

    @property
    def numeric(self) -> NumericStates:
        """The states of a numeric feature."""
        return instance_of(self.states, NumericStates)

    @property
    def categorical(self) -> CategoricalStates:
        """The states of a categorical feature."""
        return instance_of(self.states, CategoricalStates)


@dataclass(frozen=True)
class MetricValues:
    """A metric value for each window.

    ``value`` (W,): NaN if undefined, or if the metric is text. ``text`` (W,): strings or None.
    ``reason`` (W,): strings for undefined values, otherwise None. ``error_bound`` (W,): maximum
    error of the value, NaN if unknown; empty until the metric fills it in.
    """

    value: Floats
    text: AnyArray
    reason: AnyArray
    error_bound: Floats = field(default_factory=lambda: np.empty(0))

    def __len__(self) -> int:
        return len(self.value)


ProfileFunction = Callable[[ProfiledWindows], MetricValues]
ProfileBound = Callable[[ProfiledWindows], Floats]


@dataclass(frozen=True)
class Metric:
    """A profile metric: a pure function of a stack of windows, and its properties.

    ``bound`` says how much a value may differ from that of the raw rows, and ``error_bound``
    computes it for each window, in the unit of the value.
    """

    key: str
    label: str
    kinds: tuple[FeatureKind, ...]
    unit: str
    meaning: str
    compute: ProfileFunction
    bound: str
    error_bound: ProfileBound | None
    needs_special_values: bool

    def evaluate(self, subject: ProfiledWindows) -> MetricValues:
        """Its values with their error bounds."""
        found = self.compute(subject)
        known = np.full(len(found), 0.0 if self.bound == EXACT else np.nan)
        if self.error_bound is not None:
            known = self.error_bound(subject)
        return replace(found, error_bound=np.where(np.isfinite(found.value), known, np.nan))

    def applies(self, subject: ProfiledWindows) -> bool:
        """Whether the windows contain what the metric needs."""
        if subject.kind not in self.kinds:
            return False
        return not self.needs_special_values or bool(subject.numeric.binning.special_values)


METRICS: dict[str, Metric] = {}
"""Every metric by its key; complete once ``modelwatch.stats.profile.metrics`` is imported."""


def metric(
    key: str,
    *,
    label: str,
    kinds: tuple[FeatureKind, ...],
    unit: str = "",
    bound: str = EXACT,
    error_bound: ProfileBound | None = None,
    needs_special_values: bool = False,
) -> Callable[[ProfileFunction], ProfileFunction]:
    """Registers a function as a metric; the first paragraph of its docstring is its meaning."""

    def register(compute: ProfileFunction) -> ProfileFunction:
        if key in METRICS:
            raise ValueError(f"two metrics are called {key!r}")
        meaning = meaning_of(compute, key)
        METRICS[key] = Metric(
            key=key,
            label=label,
            kinds=kinds,
            unit=unit,
            meaning=meaning,
            compute=compute,
            bound=bound,
            error_bound=error_bound,
            needs_special_values=needs_special_values,
        )
        return compute

    return register


def numbers(value: AnyArray, *conditions: tuple[AnyArray, str]) -> MetricValues:
    """Values without text; the reason is that of the first condition that applies."""
    found = values(np.asarray(value, dtype=np.float64), *conditions)
    return MetricValues(found.value, np.full(len(found), None, dtype=object), found.reason)


def texts(text: Sequence[str | None], reason: str) -> MetricValues:
    """Values that are text only; None is undefined, for one reason."""
    held = np.array([*text, None], dtype=object)[:-1]
    reasons = np.full(len(held), None, dtype=object)
    reasons[[one is None for one in text]] = reason
    return MetricValues(np.full(len(held), np.nan), held, reasons)
