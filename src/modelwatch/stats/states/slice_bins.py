"""Slices of a feature: its frozen bins, combined if there are many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from modelwatch.errors import instance_of
from modelwatch.stats import value_names
from modelwatch.stats.arrays import Counts, Floats
from modelwatch.stats.numerals import numerals
from modelwatch.stats.states.batch import Numbers, Texts
from modelwatch.stats.states.binning import (
    NULL,
    TAIL_STEPS,
    Binning,
    CategoricalBinning,
    NumericBinning,
    labels_of,
)
from modelwatch.stats.states.distinct import hash_of_text

GROUPS = 12
"""Maximum quantile groups of a numeric feature."""
_APART = 2


@dataclass(frozen=True)
class SliceBins:
    """The slices of one feature, in the order of their counts.

    Numeric: null, NaN, each special value, and at most 12 groups with about the same number of
    reference rows; values beyond the ends of the reference join the end groups. Categorical: null,
    other, unseen, and each kept value.
    """

    binning: Binning

    @cached_property
    def cuts(self) -> Floats:
        """Lower edges of the groups of a numeric feature, except the first."""
        if isinstance(self.binning, CategoricalBinning):
            return np.empty(0)
        inner = _inner_edges(self.binning)
        at = np.ceil(np.arange(1, GROUPS) * len(inner) / GROUPS).astype(np.int64)
        return np.unique(inner[at[(at > 0) & (at < len(inner))]])

    @cached_property
    def labels(self) -> Sequence[str]:
        """A label for each slice."""
        if isinstance(self.binning, CategoricalBinning):
            return labels_of(self.binning)
        exact = [self.binning.label(value) for value in self.cuts.tolist()]
        special = [self.binning.exact(value) for value in self.binning.special_values]
        ends = ["-inf", *numerals(exact), "inf"]
        return [
            value_names.NULL,
            value_names.NAN,
            *numerals(special),
            *(f"[{low}, {high})" for low, high in pairwise(ends)),
        ]

    @property
    def length(self) -> int:
        """Number of slices."""
        return len(self.labels)

    def of_numbers(self, numbers: Numbers) -> Counts:
        """Slice of each row of a numeric feature, (n,)."""
        binning = instance_of(self.binning, NumericBinning)
        first = _APART + len(binning.special_values)
        found = np.searchsorted(self.cuts, numbers.values, side="right") + first
        for at, value in enumerate(binning.special_values):
            found[numbers.values == value] = _APART + at
        found[np.isnan(numbers.values)] = 1
        if numbers.nulls is not None:
            found[numbers.nulls] = NULL
        return np.asarray(found, dtype=np.int64)

    def of_texts(self, texts: Texts, known: dict[str, int]) -> Counts:
        """Slice of each row of a categorical feature, (n,); ``known`` caches values."""
        binning = instance_of(self.binning, CategoricalBinning)
        codes = np.full(len(texts.dictionary) + 1, NULL, dtype=np.int64)
        for at, value in enumerate(texts.dictionary):
            code = known.get(value)
            if code is None:
                code = known[value] = binning.code_of(value, hash_of_text(value))
            codes[at] = code
        return codes[texts.indices]


def _inner_edges(binning: NumericBinning) -> Floats:
    """The beginnings of the bins within the range of the reference, without gaps after single
    values.

    There is about the same number of reference rows between any two. The range follows from the
    grid beyond it: it ends at the two single values from which the steps of the grid are measured.
    """
    single = binning.edges[:-1][binning.single_value[:-1]]
    finite = single[np.isfinite(single) & ~np.isin(single, binning.special_values)]
    low, high = _range(binning, finite)
    starts = binning.edges[(binning.edges >= low) & (binning.edges <= high)]
    gaps = np.nextafter(finite, np.inf)
    return starts[~np.isin(starts, gaps)]


def _range(binning: NumericBinning, ends: Floats) -> tuple[float, float]:
    held = set(binning.edges.tolist())
    steps = TAIL_STEPS[:8]
    for low in ends.tolist():
        for high in ends[::-1].tolist():
            if high < low:
                break
            width = max(high - low, binning.scale)
            if all(low - width * s in held and high + width * s in held for s in steps):
                return low, high
    return float(binning.edges[1]), float(binning.edges[-2])
