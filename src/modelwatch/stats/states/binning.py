"""Frozen bins: fitted once on a reference, stored with a fingerprint, and reused."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property

import numpy as np

from modelwatch.stats import value_names
from modelwatch.stats.arrays import AnyArray, Counts, Floats, Hashes
from modelwatch.stats.numerals import numeral
from modelwatch.stats.states.bin_edges import (
    LARGEST,
    gap_cuts,
    location_and_scale,
    rank_of,
    tail_cuts,
)
from modelwatch.stats.states.exact_numbers import (
    NO_OFFSET,
    ExactNumber,
    Marks,
    largest_exact,
    marks_of,
    moved_by,
    rounding_error,
)

NULL = 0
"""Index of the null count in every count vector."""
NAN = 1
OTHER = 1
UNSEEN = 2
NUMERIC_OFFSET = 2
"""Count vector of a numeric feature: [null, NaN, bin 0, bin 1, ...]."""
CATEGORICAL_OFFSET = 3
"""Count vector of a categorical feature: [null, other, unseen, value 0, value 1, ...]."""

LONGEST_VALUE = 1000
"""Maximum characters of a categorical value with its own bin or segment."""
TAIL_STEPS = tuple(2.0**k for k in range(-4, 24)) + tuple(2.0**k for k in range(32, 1024, 64))
IQR_OF_NORMAL = 1.349
"""Interquartile range of a normal distribution in standard deviations."""
FAR = 50.0
"""Robust standard deviations from the median beyond which a row is far."""
FEW = 0.002
"""Maximum share of rows for which far rows are mistakes rather than another population."""


@dataclass(frozen=True)
class NumericBinning:
    """Bins of a numeric feature: bin i contains [edges[i], edges[i + 1]), the last one +inf.

    ``edges`` ascend from -inf to +inf. A bin whose upper edge is the next double above its lower
    edge contains one value: -inf, +inf, zero, special values, frequent values, and each value of a
    reference with few of them. ``center`` and ``scale`` (a power of two) are the reference's median
    and spread; moments are relative to them. ``special_values`` are codes such as -999, not
    quantities. For a column of exact numbers, all of these are distances from ``offset``, and
    ``digits`` is its number of decimal places; None for a column of doubles, or of numbers that
    always fit doubles. ``codes`` are its special values in the type of the column. See
    ``exact_numbers``.
    """

    edges: Floats
    center: float
    scale: float
    special_values: tuple[float, ...] = ()
    offset: Decimal = NO_OFFSET
    digits: int | None = None
    codes: tuple[ExactNumber, ...] = ()
    fingerprint: str = field(init=False)

    def __post_init__(self) -> None:
        edges = np.ascontiguousarray(self.edges, dtype=np.float64)
        if len(edges) < 3 or edges[0] != -np.inf or edges[-1] != np.inf:
            raise ValueError("edges must ascend from -inf to +inf over at least one finite edge")
        if not np.all(edges[1:] > edges[:-1]):
            raise ValueError("edges must ascend strictly")
        edges.flags.writeable = False
        object.__setattr__(self, "edges", edges)
        digest = hashlib.sha256(b"numeric")
        digest.update(edges.astype("<f8").tobytes())
        parts = np.array([self.center, self.scale, *self.special_values], dtype="<f8")
        digest.update(parts.tobytes())
        if self.offset:
            digest.update(f"offset {self.offset}".encode())
        object.__setattr__(self, "fingerprint", digest.hexdigest()[:16])

    @cached_property
    def marks(self) -> Marks:
        """Zero and the codes, each with a double of its own; empty for a column of doubles."""
        return () if self.digits is None else marks_of(self.codes, self.offset, self.digits)

    @property
    def zero(self) -> float:
        """Zero as a distance from the offset."""
        return next((double for number, double in self.marks if number == 0), 0.0)

    def number(self, distance: float) -> float:
        """The double nearest to the number at a distance from the offset."""
        return float(self.exact(distance))

    def exact(self, distance: float) -> Decimal | float:
        """The number at a distance from the offset, with all of its digits."""
        if not self.offset or not math.isfinite(distance):
            return distance
        for number, double in self.marks:
            if double == distance:
                return Decimal(number)
        return moved_by(distance, self.offset)

    def label(self, distance: float) -> Decimal | float:
        """As ``exact``, for the edge of a bin: rounded to the unit of the column."""
        found = self.exact(distance)
        return round(found, self.digits or 0) if isinstance(found, Decimal) else found

    def numbers(self, distances: Floats) -> Floats:
        """The doubles nearest to the numbers at some distances from the offset."""
        if not self.offset:
            return distances
        shape = np.shape(distances)
        found = [self.number(float(one)) for one in np.ravel(distances)]
        return np.array(found, dtype=np.float64).reshape(shape)

    def of_doubles(self) -> NumericBinning:
        """The bins for the same numbers as doubles."""
        if not self.offset:
            return self
        edges = np.unique(self.numbers(self.edges))
        special = tuple(self.number(value) for value in self.special_values)
        center = self.number(self.center)
        return replace(
            self,
            edges=edges,
            center=center,
            special_values=special,
            offset=NO_OFFSET,
            digits=None,
            codes=(),
        )

    def rounding_error(self, distances: Floats) -> Floats:
        """Maximum error of values at such distances from the offset."""
        return rounding_error(distances, self.digits)

    def is_exact(self, distances: Floats) -> AnyArray:
        """Whether a double at such a distance represents one number of the column only."""
        near = np.abs(distances) < largest_exact(self.digits)
        found: AnyArray = near | np.isin(distances, (self.zero, *self.special_values))
        return found

    @property
    def length(self) -> int:
        """Length of a count vector."""
        return NUMERIC_OFFSET + len(self.edges)

    @cached_property
    def upper_edges(self) -> Floats:
        """Upper edge of every bin, exclusive; +inf for the bin of +inf itself."""
        return np.append(self.edges[1:], np.inf)

    @cached_property
    def search_edges(self) -> Floats:
        """The edges and NaN, which sorts last: the beginnings of bins in sorted values."""
        return np.append(self.edges, np.nan)

    @cached_property
    def single_value(self) -> AnyArray:
        """Whether each bin contains one value only."""
        with np.errstate(over="ignore"):
            next_doubles = np.nextafter(self.edges[:-1], np.inf)
        one_double = next_doubles == self.edges[1:]
        distinguishable = self.is_exact(self.edges[:-1]) | np.isinf(self.edges[:-1])
        return np.append(one_double & distinguishable, True)

    def bin_of(self, value: float) -> int:
        """Index of the bin (not of the count vector) of a value other than NaN."""
        return int(np.searchsorted(self.edges, value, side="right")) - 1

    def has_own_bin(self, value: float) -> bool:
        """Whether the bin of a value contains that value only."""
        return bool(self.single_value[self.bin_of(value)])

    def counts_of(self, values: Floats, nulls: int = 0) -> Counts:
        """Count vector of some values (NaN counted as NaN) and a number of nulls."""
        ordered = np.sort(np.asarray(values, dtype=np.float64))
        positions = np.searchsorted(ordered, self.search_edges)
        counts = np.empty(self.length, dtype=np.int64)
        counts[NULL] = nulls
        counts[NAN] = len(ordered) - positions[-1]
        counts[NUMERIC_OFFSET:] = np.diff(positions)
        return counts


@dataclass(frozen=True)
class CategoricalBinning:
    """Bins of a categorical feature: the kept values, other known values, and unseen values.

    ``known_hashes``: the sorted hashes of the reference's values that are not kept; None if the
    reference had too many values to remember, so nothing counts as unseen.
    """

    values: tuple[str, ...]
    known_hashes: Hashes | None = field(
        default_factory=lambda: np.empty(0, dtype=np.uint64), compare=False
    )
    fingerprint: str = field(init=False)

    def __post_init__(self) -> None:
        if len(set(self.values)) != len(self.values):
            raise ValueError("values must be distinct")
        digest = hashlib.sha256(b"categorical")
        for value in self.values:
            encoded = value.encode("utf-8", "surrogatepass")
            digest.update(len(encoded).to_bytes(8, "little") + encoded)
        if self.known_hashes is None:
            digest.update(b"open")
        else:
            known = np.unique(np.asarray(self.known_hashes, dtype=np.uint64))
            known.flags.writeable = False
            object.__setattr__(self, "known_hashes", known)
            digest.update(known.astype("<u8").tobytes())
        object.__setattr__(self, "fingerprint", digest.hexdigest()[:16])

    @property
    def length(self) -> int:
        """Length of a count vector."""
        return CATEGORICAL_OFFSET + len(self.values)

    @cached_property
    def index(self) -> dict[str, int]:
        """Position of each kept value in the count vector."""
        return {value: CATEGORICAL_OFFSET + i for i, value in enumerate(self.values)}

    def code_of(self, value: str, value_hash: int) -> int:
        """Position in the count vector of a value that is not null."""
        selected = self.index.get(value)
        if selected is not None:
            return selected
        known = self.known_hashes
        if known is None:
            return OTHER
        at = int(np.searchsorted(known, np.uint64(value_hash)))
        return OTHER if at < len(known) and int(known[at]) == value_hash else UNSEEN


Binning = NumericBinning | CategoricalBinning


def fit_numeric(
    sample: Floats,
    minimum: float,
    maximum: float,
    *,
    bins: int = 200,
    special_values: Iterable[float] = (),
    offset: Decimal = NO_OFFSET,
    digits: int | None = None,
    codes: Iterable[ExactNumber] = (),
) -> NumericBinning:
    """Bins of a reference, from a sample of its finite values and its exact finite extremes.

    A reference with at most ``bins / 2`` values gets one bin per value and bins for the gaps.
    Otherwise, it gets ``bins`` quantiles, and a value as frequent as a bin has one of its own. The
    first and the last quantile are cut geometrically, and bins with a wide gap are cut at the gap,
    because values are assumed to be evenly spread inside a bin. A geometric grid follows beyond the
    extremes, so that values outside the range still have a bin by their size. If a few values lie
    far beyond all others, a grid also follows the ends of the others. An empty sample gives the
    grid around zero. With an ``offset``, all values are distances from it, and ``codes`` replace
    ``special_values``.
    """
    marks = () if digits is None else marks_of(codes, offset, digits)
    held = tuple(codes)
    zero = next((double for number, double in marks if number == 0), 0.0)
    given = [double for number, double in marks if number in held] if marks else special_values
    special = tuple(sorted({float(v) for v in given if math.isfinite(v)}))
    quantities = np.sort(sample[~np.isin(sample, special)]) if special else np.sort(sample)
    center, scale = location_and_scale(quantities)
    distinct, multiplicities = np.unique(quantities, return_counts=True)
    if len(distinct) <= bins // 2:
        single, cuts = list(distinct), [float(v) for v in distinct[:0]]
    else:
        single = list(distinct[multiplicities * bins >= len(quantities)])
        ranks = np.ceil(np.arange(1, bins) / bins * len(quantities)).astype(np.int64) - 1
        cuts = [float(v) for v in np.unique(quantities[ranks])]
    edges: set[float] = {-np.inf, -LARGEST, np.inf, zero, float(np.nextafter(zero, np.inf))}
    with np.errstate(over="ignore"):
        for value in (*single, *special, *_ends(minimum, maximum)):
            edges.update((float(value), float(np.nextafter(value, np.inf))))
    edges.update(cuts)
    if cuts:
        edges.update(tail_cuts(quantities, cuts[0], cuts[-1], center))
        edges.update(gap_cuts(quantities, edges, scale))
    low, high = _ends(minimum, maximum) or (center, center)
    ends = {(low, high)}
    near = _near(quantities)
    if near is not None:
        # A few wrong values far away must not make the grid coarse.
        low, high = max(low, near[0]), min(high, near[1])
        ends.add((low, high))
        edges.update(float(np.nextafter(end, np.inf)) for end in (low, high))
        edges.update((low, high))
    for low, high in ends:
        width = max(high - low, scale) if math.isfinite(high - low) else scale
        for step in TAIL_STEPS:
            edges.update((low - width * step, high + width * step))
    selected = np.array(sorted(edges), dtype=np.float64) + 0.0
    return NumericBinning(np.unique(selected), center, scale, special, offset, digits, held)


def fit_categorical(
    rows_by_value: dict[str, int],
    hashes: dict[str, int],
    *,
    max_values: int = 100,
    complete: bool = True,
) -> CategoricalBinning:
    """Bins of a reference from its values and their rows: the most frequent ones are kept.

    Among equally frequent values, the first in sorted order is kept. Values longer than
    ``LONGEST_VALUE`` are never kept, only known. ``complete``: no value of the reference is missing
    from ``rows_by_value``; otherwise, unseen values cannot be distinguished from forgotten ones.
    """
    ranked = sorted(rows_by_value, key=lambda value: (-rows_by_value[value], value))
    selected = [value for value in ranked if len(value) <= LONGEST_VALUE][:max_values]
    own = set(selected)
    rest = [value for value in ranked if value not in own]
    known = np.array([hashes[value] for value in rest], dtype=np.uint64) if complete else None
    return CategoricalBinning(tuple(sorted(selected)), known)


def _ends(minimum: float, maximum: float) -> tuple[float, ...]:
    known = math.isfinite(minimum) and math.isfinite(maximum)
    return (float(minimum), float(maximum)) if known else ()


def _near(ordered: Floats) -> tuple[float, float] | None:
    """Ends of ascending values without those far beyond all others; None if there are none, or too
    many to be errors."""
    if not len(ordered):
        return None
    lower, median, upper = (float(ordered[rank_of(len(ordered), q)]) for q in (0.25, 0.5, 0.75))
    with np.errstate(over="ignore", invalid="ignore"):
        reach = FAR * (upper - lower) / IQR_OF_NORMAL
        near = ordered[np.abs(ordered - median) <= reach]
    few = len(ordered) - len(near)
    if not few or not reach > 0 or few > max(FEW * len(ordered), 1.0):
        return None
    return float(near[0]), float(near[-1])


def labels_of(binning: Binning) -> Sequence[str]:
    """A label for each position of the count vector."""
    if isinstance(binning, CategoricalBinning):
        return [
            value_names.NULL,
            value_names.OTHER,
            value_names.UNSEEN,
            *map(value_names.value_name, binning.values),
        ]
    lower = [numeral(binning.label(float(edge))) for edge in binning.edges]
    bins = [
        low if single else f"[{low}, {high})"
        for low, high, single in zip(lower, [*lower[1:], "inf"], binning.single_value, strict=True)
    ]
    return [value_names.NULL, value_names.NAN, *bins]
