"""State of a numeric feature: counts in frozen bins, power sums, and extremes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from modelwatch.stats.arrays import (
    AnyArray,
    Counts,
    Floats,
    Spans,
    maxima_over_spans,
    minima_over_spans,
    sums_over_spans,
)
from modelwatch.stats.states.binning import NAN, NULL, NUMERIC_OFFSET, NumericBinning
from modelwatch.stats.states.moments import Moments, moments_of, normalised, power_sums

_ROUNDING = 16.0
"""Rounding errors of its values that a standard deviation must exceed, so that its error is less
than a thousandth."""


@dataclass(frozen=True)
class NumericStates:
    """A stack of n scopes of one numeric feature; a state is a stack of one.

    ``counts`` (n, length of the binning): [null, NaN, bins]. ``sums`` (n, 12): power sums of the
    finite values. ``minimum`` and ``maximum`` (n,): of the finite values; NaN if there are none.
    """

    binning: NumericBinning
    counts: Counts
    sums: Counts
    minimum: Floats
    maximum: Floats

    def __len__(self) -> int:
        return len(self.counts)

    def roll_up(self, spans: Spans) -> NumericStates:
        """The merged state of each span ``[start, stop)`` of scopes, (w, 2)."""
        return NumericStates(
            self.binning,
            sums_over_spans(self.counts, spans),
            normalised(sums_over_spans(self.sums, spans)),
            minima_over_spans(self.minimum, spans),
            maxima_over_spans(self.maximum, spans),
        )

    def take(self, indices: AnyArray) -> NumericStates:
        """The scopes at some positions."""
        return NumericStates(
            self.binning,
            self.counts[indices],
            self.sums[indices],
            self.minimum[indices],
            self.maximum[indices],
        )

    @cached_property
    def rows(self) -> Counts:
        """All rows, including nulls."""
        return np.asarray(self.counts.sum(axis=1), dtype=np.int64)

    @cached_property
    def nulls(self) -> Counts:
        """Number of nulls."""
        return self.counts[:, NULL]

    @cached_property
    def nans(self) -> Counts:
        """Rows whose value is not a number."""
        return self.counts[:, NAN]

    @cached_property
    def bins(self) -> Counts:
        """Counts of the bins only, (n, number of edges)."""
        return self.counts[:, NUMERIC_OFFSET:]

    @cached_property
    def finite(self) -> Counts:
        """Rows with a finite value, including special values."""
        return np.asarray(self.bins[:, 1:-1].sum(axis=1), dtype=np.int64)

    @cached_property
    def infinite(self) -> Counts:
        """Rows whose value is infinite, of either sign."""
        return self.bins[:, 0] + self.bins[:, -1]

    @cached_property
    def special(self) -> Counts:
        """Rows with a special value."""
        rows = self.bins[:, list(self.special_bins)].sum(axis=1)
        return np.asarray(rows, dtype=np.int64)

    def rows_at(self, value: float) -> Counts:
        """Rows with exactly a value that has a bin of its own."""
        if not self.binning.has_own_bin(value):
            raise ValueError(f"{value!r} has no bin of its own")
        return self.bins[:, self.binning.bin_of(value)]

    @cached_property
    def special_bins(self) -> tuple[int, ...]:
        """Indices of the bins of the special values."""
        return tuple(self.binning.bin_of(value) for value in self.binning.special_values)

    @cached_property
    def quantities(self) -> Counts:
        """Counts of the bins of finite values that are not special values; 0 for the others."""
        counts = self.bins.copy()
        counts[:, [0, -1, *self.special_bins]] = 0
        return counts

    @cached_property
    def least(self) -> Floats:
        """Minimum without special values; the lower edge of its bin if a special value is the
        minimum."""
        first = self.binning.edges[np.argmax(self.quantities > 0, axis=1)]
        return self._extreme(self.minimum, first)

    @cached_property
    def greatest(self) -> Floats:
        """Maximum without special values; the upper edge of its bin if a special value is the
        maximum."""
        last = len(self.binning.edges) - 1 - np.argmax(self.quantities[:, ::-1] > 0, axis=1)
        one_value = self.binning.single_value[last]
        edge = np.where(one_value, self.binning.edges[last], self.binning.upper_edges[last])
        return self._extreme(self.maximum, np.minimum(edge, np.finfo(np.float64).max))

    def _extreme(self, known: Floats, edge: Floats) -> Floats:
        special = np.isin(known, self.binning.special_values)
        held = self.quantities.any(axis=1)
        return np.where(held, np.where(special, edge, known), np.nan)

    @cached_property
    def rounding_error(self) -> Floats:
        """Maximum distance between the double of a value and its number, (n,)."""
        far = np.fmax(np.abs(self.least), np.abs(self.greatest))
        return self.binning.rounding_error(np.nan_to_num(far))

    @cached_property
    def one_value(self) -> AnyArray:
        """Whether all finite values of a scope are equal, as far as doubles can distinguish them,
        (n,)."""
        found: AnyArray = (self.minimum == self.maximum) & self.binning.is_exact(self.minimum)
        return found

    @cached_property
    def moments(self) -> Moments:
        """Moments without special values, whose part of the sums is subtracted exactly."""
        binning, sums = self.binning, self.sums
        for value, index in zip(binning.special_values, self.special_bins, strict=True):
            one = power_sums(np.array([value]), np.array([0]), binning.center, binning.scale)
            sums = sums - one * self.bins[:, index : index + 1]
        count = np.asarray(self.quantities.sum(axis=1), dtype=np.int64)
        constant = (self.least == self.greatest) & binning.is_exact(self.least)
        hidden = np.isin([self.minimum, self.maximum], binning.special_values).any(axis=0)
        different = ~constant & ~hidden
        found = moments_of(
            count, normalised(sums), constant, different, binning.center, binning.scale
        )
        return found.beyond(_ROUNDING * self.rounding_error, constant)


def numeric_stack(stacks: list[NumericStates]) -> NumericStates:
    """One stack of the scopes of several stacks with the same binning."""
    fingerprints = {stack.binning.fingerprint for stack in stacks}
    if len(fingerprints) != 1:
        raise ValueError(f"states of different binnings do not merge: {sorted(fingerprints)}")
    return NumericStates(
        stacks[0].binning,
        np.concatenate([s.counts for s in stacks]),
        np.concatenate([s.sums for s in stacks]),
        np.concatenate([s.minimum for s in stacks]),
        np.concatenate([s.maximum for s in stacks]),
    )
