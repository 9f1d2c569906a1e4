"""A sample of the rows of a reference to which bins are fitted, and the extremes of its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from modelwatch.evaluation.states.batches import exact_numbers_of, numbers_of
from modelwatch.stats.arrays import AnyArray, Counts
from modelwatch.stats.states.exact_numbers import NULL_HIGH, ExactNumber, ExactNumbers, units_of
from modelwatch.stats.states.score_scale import ScoreKind


@dataclass(frozen=True)
class Field:
    """A column to bin, or the columns of a segmentation whose frequent combinations are kept.

    ``positions``: of its columns in the frame. ``bins`` or ``max_values`` bound the result.
    ``digits``: decimal places of a column of exact numbers, None for doubles. ``segments``: whether
    it is a segmentation, whose values are kept by name. ``score_kind``: the kind of a score, whose
    upper tail has finer bins and whose column is double; None for other columns.
    """

    positions: tuple[int, ...]
    numeric: bool
    bins: int
    max_values: int
    special_values: tuple[ExactNumber, ...] = ()
    digits: int | None = None
    segments: bool = False
    score_kind: ScoreKind | None = None

    @property
    def special_doubles(self) -> tuple[float, ...]:
        """The special values of a column of doubles."""
        return tuple(float(value) for value in self.special_values)

    @property
    def special_units(self) -> tuple[int, ...]:
        """The special values of a column of exact numbers that it can represent, in units."""
        found = (units_of(value, self.digits or 0) for value in self.special_values)
        return tuple(units for units in found if units is not None and abs(units) < 10**38)


@dataclass
class ReferenceSample:
    """The distinct rows with the smallest hashes so far, ascending, with their frequencies and
    values.

    Equal rows share one hash; counted one by one, they would displace others. Values are doubles
    (n,), or the halves of exact numbers (n, 2).
    """

    hashes: np.ndarray
    repeats: Counts
    values: list[AnyArray]
    size: int

    def take(self, hashes: np.ndarray, repeats: Counts, values: list[AnyArray]) -> ReferenceSample:
        """The sample with these rows added."""
        if len(self.hashes) >= self.size:
            entering = np.flatnonzero(hashes <= self.hashes[-1])
            hashes, repeats = hashes[entering], repeats[entering]
            values = [v[entering] for v in values]
        together = np.concatenate((self.hashes, hashes))
        met, first, which = np.unique(together, return_index=True, return_inverse=True)
        counts = np.zeros(len(met), dtype=np.int64)
        np.add.at(counts, which, np.concatenate((self.repeats, repeats)))
        first = first[: self.size]
        return ReferenceSample(
            met[: self.size],
            counts[: self.size],
            [np.concatenate(pair)[first] for pair in zip(self.values, values, strict=True)],
            self.size,
        )

    def rows(self, at: int) -> AnyArray:
        """The values of a field, repeated by frequency; proportionally fewer if there are too
        many."""
        total, repeats = int(self.repeats.sum()), self.repeats
        if total > 2 * self.size:
            repeats = np.maximum(1, (repeats * (self.size / total)).astype(np.int64))
        return np.repeat(self.values[at], repeats, axis=0)


def no_rows(fields: Sequence[Field], size: int) -> ReferenceSample:
    """An empty sample of at most ``size`` rows."""
    none = np.empty(0, dtype=np.int64)
    values = [np.empty(0) if f.digits is None else none.reshape(0, 2) for f in fields]
    return ReferenceSample(none.view(np.uint64), none, values, size)


def values_of(column: pa.Array, field: Field) -> AnyArray:
    """Doubles (n,), or the halves of exact numbers (n, 2), in which null has a high half of its
    own."""
    if field.digits is None:
        return numbers_of(column).values
    numbers = exact_numbers_of(column)
    halves = np.stack((numbers.high, numbers.low.view(np.int64)), axis=1)
    if column.null_count:
        halves[column.is_null().to_numpy(zero_copy_only=False)] = (NULL_HIGH, 0)
    return halves


def exact_of(halves: AnyArray, field: Field) -> ExactNumbers:
    """The numbers of those halves that are neither null nor special."""
    held = halves[halves[:, 0] != NULL_HIGH]
    high, low = np.ascontiguousarray(held[:, 0]), np.ascontiguousarray(held[:, 1])
    numbers = ExactNumbers(high, low.view(np.uint64), field.digits or 0)
    return numbers.other_than(field.special_units)


def both_ends(known: list[int], halves: AnyArray, field: Field) -> list[int]:
    """Smallest and largest unit of exact numbers, combined with those known so far; empty without
    any."""
    numbers = exact_of(halves, field)
    if not len(numbers):
        return known
    ends = []
    for high in (numbers.high.min(), numbers.high.max()):
        low = numbers.low[numbers.high == high]
        ends += [(int(high) << 64) + int(low.min()), (int(high) << 64) + int(low.max())]
    return [min(*known, *ends), max(*known, *ends)]
