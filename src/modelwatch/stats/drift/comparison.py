"""Current windows and their references, and the values computed from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeVar

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.drift.repeats import Repeats
from modelwatch.stats.states.binning import NUMERIC_OFFSET
from modelwatch.stats.states.categorical import CategoricalStates
from modelwatch.stats.states.numeric import NumericStates
from modelwatch.stats.states.pairs import PairStates

T = TypeVar("T")

ComparisonKind = Literal["numeric", "categorical", "pair", "member", "block"]
"""The subjects of a statistic: a feature, each pair of a block of numeric features, each feature of
the block given the others, or the block."""

NO_CURRENT_ROWS = "current window has no rows"
NO_REFERENCE_ROWS = "reference has no rows"
NO_CURRENT_VALUES = "current window has no values"
NO_REFERENCE_VALUES = "reference has no values"
CONSTANT_REFERENCE = "reference is constant"
CONSTANT_CURRENT = "current window is constant"
TOO_LARGE = "values are too large"


@dataclass(frozen=True)
class Values:
    """A number for each window; NaN if undefined, with a reason.

    ``value`` has shape (W,), or (W, P) for a statistic of pairs, (W, d) for one of members.
    ``reason`` is an object array of the same shape, None where the value is defined.
    """

    value: Floats
    reason: AnyArray

    def __len__(self) -> int:
        return len(self.value)


def values(value: Floats, *conditions: tuple[AnyArray, str]) -> Values:
    """Values with the reason of the first condition that applies; (mask, reason) each.

    A number that is not finite although no condition applies is also undefined, because values are
    too large.
    """
    result = np.array(value, dtype=np.float64)
    reason = np.full(result.shape, None, dtype=object)
    undefined = ~np.isfinite(result)
    reason[undefined] = TOO_LARGE
    for mask, text in reversed(conditions):
        if mask.any():
            held = np.broadcast_to(mask, result.shape)
            reason[held] = text
            undefined |= held
    result[undefined] = np.nan
    return Values(result, reason)


@dataclass(frozen=True)
class Comparison:
    """W current windows and W references, or one reference for all.

    ``repeats``: what the days of the windows have in common with earlier days, (W,); None if
    unknown.
    """

    current: NumericStates | CategoricalStates | PairStates
    reference: NumericStates | CategoricalStates | PairStates
    repeats: Repeats | None = None

    def __post_init__(self) -> None:
        if type(self.current) is not type(self.reference):
            raise ValueError("states of different kinds do not compare")
        first, second = (_fingerprint(s) for s in (self.current, self.reference))
        if first != second:
            raise ValueError(f"states of different binnings do not compare: {first}, {second}")
        if len(self.reference) not in (1, len(self.current)):
            raise ValueError(
                f"{len(self.current)} windows need as many references or one, "
                f"not {len(self.reference)}"
            )

    def __len__(self) -> int:
        return len(self.current)

    @property
    def kinds(self) -> tuple[ComparisonKind, ...]:
        """Kinds of statistics that apply to these states."""
        if isinstance(self.current, PairStates):
            return ("pair", "member", "block")
        return ("numeric",) if isinstance(self.current, NumericStates) else ("categorical",)

    @cached_property
    def numeric(self) -> tuple[NumericStates, NumericStates]:
        """The current and the reference states of a numeric feature."""
        if isinstance(self.current, NumericStates) and isinstance(self.reference, NumericStates):
            return self.current, self.reference
        raise TypeError("the states are not of a numeric feature")

    @cached_property
    def categorical(self) -> tuple[CategoricalStates, CategoricalStates]:
        """The current and the reference states of a categorical feature."""
        current, reference = self.current, self.reference
        if isinstance(current, CategoricalStates) and isinstance(reference, CategoricalStates):
            return current, reference
        raise TypeError("the states are not of a categorical feature")

    @cached_property
    def block(self) -> tuple[PairStates, PairStates]:
        """The current and the reference states of a block of numeric features."""
        if isinstance(self.current, PairStates) and isinstance(self.reference, PairStates):
            return self.current, self.reference
        raise TypeError("the states are not of a block of features")

    @cached_property
    def feature(self) -> tuple[NumericStates | CategoricalStates, ...]:
        """The current and the reference states of one feature, numeric or categorical."""
        if isinstance(self.current, PairStates) or isinstance(self.reference, PairStates):
            raise TypeError("the states are not of one feature")
        return self.current, self.reference

    @cached_property
    def without_rows(self) -> tuple[tuple[AnyArray, str], ...]:
        """Conditions under which nothing can be computed: no rows on one side."""
        current, reference = self.feature
        return (current.rows == 0, NO_CURRENT_ROWS), (reference.rows == 0, NO_REFERENCE_ROWS)

    @cached_property
    def without_values(self) -> tuple[tuple[AnyArray, str], ...]:
        """Conditions under which a numeric feature has no finite value on one side."""
        current, reference = self.numeric
        return (
            *self.without_rows,
            (current.quantities.sum(axis=1) == 0, NO_CURRENT_VALUES),
            (reference.quantities.sum(axis=1) == 0, NO_REFERENCE_VALUES),
        )

    def cells(self, groups: int, *, beyond: bool = False) -> tuple[Counts, Counts]:
        """Counts of the windows (W, K) and of the references (1 or W, K) in the same cells.

        Categorical: null, other, unseen, and every kept value. Numeric: null, NaN, -inf, +inf,
        every special value, and about ``groups`` quantile groups of the finite values of the
        reference; with ``beyond``, values beyond the ends of the reference are separate groups.
        """
        if "categorical" in self.kinds:
            return self.categorical[0].counts, self.categorical[1].counts
        held: dict[tuple[int, bool], tuple[Counts, Counts]] = self.memoized(_no_cells)
        if (groups, beyond) not in held:
            current, reference = self.numeric
            group = quantile_groups(reference.quantities, groups, beyond=beyond)
            first, second = collapsed(current.quantities, reference.quantities, group)
            held[groups, beyond] = (
                np.concatenate([current.counts[:, _apart(current)], first], axis=1),
                np.concatenate([reference.counts[:, _apart(reference)], second], axis=1),
            )
        return held[groups, beyond]

    def memoized(self, compute: Callable[[Comparison], T]) -> T:
        """What several statistics of this comparison share, computed for the first of them."""
        if compute not in self._shared:
            self._shared[compute] = compute(self)
        found: T = self._shared[compute]
        return found

    @cached_property
    def _shared(self) -> dict[Callable[[Comparison], Any], Any]:
        return {}


def _no_cells(_: Comparison) -> dict[tuple[int, bool], tuple[Counts, Counts]]:
    return {}


def _apart(states: NumericStates) -> AnyArray:
    """Positions in the count vector that are not finite values: null, NaN, infinities, special
    values."""
    last = states.binning.length - 1
    special = [NUMERIC_OFFSET + i for i in states.special_bins]
    return np.array([0, 1, NUMERIC_OFFSET, last, *special], dtype=np.int64)


def _fingerprint(states: NumericStates | CategoricalStates | PairStates) -> str:
    if isinstance(states, PairStates):
        return states.fingerprint
    return states.binning.fingerprint


def quantile_groups(reference: Counts, groups: int, *, beyond: bool = False) -> AnyArray:
    """Group of each bin, ascending from 0: (R, B) from the reference's counts (R, B).

    A bin belongs to the quantile that contains the middle of its mass. Empty bins join the quantile
    around them, and those beyond the ends of the reference join the end groups. A bin as large as a
    quantile is a group of its own, so that nothing new is hidden next to it: values beyond a large
    end bin, or between two large bins, are a separate group. With ``beyond``, so are values beyond
    either end. There are at most 3 * groups + 2 groups.
    """
    total = np.maximum(reference.sum(axis=1, keepdims=True), 1)
    running = np.cumsum(reference, axis=1)
    # Twice the midpoint of each bin in the cumulative distribution, in integers: 2 * before + own =
    # 2 * running - own.
    quantile = np.minimum((2 * running - reference) * groups // (2 * total), groups - 1)
    heavy = reference * groups >= total
    begins = np.zeros(reference.shape, dtype=bool)
    begins[:, 1:] = (quantile[:, 1:] != quantile[:, :-1]) | heavy[:, 1:] | heavy[:, :-1]
    if beyond:
        begins[:, 1:] |= (running[:, 1:] > 0) & (running[:, :-1] == 0)
        begins[:, 1:] |= (running[:, :-1] == total) & ((running - reference)[:, :-1] < total)
    return np.cumsum(begins, axis=1)


def collapsed(current: Counts, reference: Counts, group: AnyArray) -> tuple[Counts, Counts]:
    """Counts of both by group: (W, K) and (R, K); ``group`` (R, B) is for one row or all."""
    size = int(group.max(initial=0)) + 1
    return _sums_by_group(current, group, size), _sums_by_group(reference, group, size)


def _sums_by_group(counts: Counts, group: AnyArray, size: int) -> Counts:
    if len(group) == 1:
        starts = np.searchsorted(group[0], np.arange(size))
        return np.asarray(np.add.reduceat(counts, starts, axis=1), dtype=np.int64)
    running = np.zeros((counts.shape[0], counts.shape[1] + 1), dtype=np.int64)
    np.cumsum(counts, axis=1, out=running[:, 1:])
    lines = np.arange(len(group))[:, None] * size
    bins = np.bincount((lines + group).ravel(), minlength=len(group) * size)
    ends = np.cumsum(bins.reshape(len(group), size), axis=1)
    at_ends = np.take_along_axis(running, ends, axis=1)
    return np.diff(at_ends, axis=1, prepend=0)
