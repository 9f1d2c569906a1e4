"""What a pass computes, and its batches of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from modelwatch.stats import value_names
from modelwatch.stats.arrays import AnyArray, Floats, Hashes
from modelwatch.stats.states.binning import Binning

"""Name of the segmentation of all traffic, and of its only segment."""
OTHER_SEGMENT = value_names.OTHER
NULL_SEGMENT = value_names.NULL
PAIRS = "(pairs)"
"""Used as the feature in the state of the numeric block."""
ROW_FEATURE = "(rows)"
"""Used as the feature in the account of rows of all roles. Its counts: rows, rows with each role,
rows with both, and repeated rows left out of each role."""


@dataclass(frozen=True)
class BatchColumn:
    """A feature in a batch: its name, role, and frozen bins."""

    name: str
    role: int
    binning: Binning


@dataclass(frozen=True)
class SegmentationCodes:
    """A bounded split of the rows: the segments of frequent values, then other values, then null.

    ``values``: names of values, as in ``value_names``.
    """

    name: str
    values: tuple[str, ...]

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """Name of every code."""
        return (*self.values, OTHER_SEGMENT, NULL_SEGMENT)


@dataclass(frozen=True)
class Block:
    """The numeric features of one role whose products are computed, as indices of the columns."""

    role: int
    columns: tuple[int, ...]


@dataclass(frozen=True)
class TallyPlan:
    """What a pass computes: columns, segmentations, and at most one numeric block per role."""

    columns: tuple[BatchColumn, ...]
    segmentations: tuple[SegmentationCodes, ...] = ()
    blocks: tuple[Block, ...] = ()

    @cached_property
    def longs_a_scope(self) -> int:
        """Number of longs for the counts of one day and model version."""
        segments = sum(len(s.segments) for s in self.segmentations) or 1
        return segments * sum(column.binning.length for column in self.columns)


@dataclass(frozen=True)
class Numbers:
    """Values of a numeric column, (n,); also NaN where ``nulls`` (None: no nulls).

    ``rest`` distinguishes exact numbers with the same double: 0 where a double is exact, None if
    all are.
    """

    values: Floats
    nulls: AnyArray | None
    rest: Hashes | None = None


@dataclass(frozen=True)
class Texts:
    """Values of a categorical column: indices (n,) into a dictionary; its length for null."""

    dictionary: Sequence[str]
    indices: AnyArray


@dataclass(frozen=True)
class Batch:
    """Rows of one pass.

    ``slots``: (n,) indices into ``keys``, or None if all rows have the only key. ``keys``: (day
    number since the epoch, model version). ``present``: for each role, the mask of its rows, or
    None for all. ``copies``: for each role, the number of rows of its table that each row
    represents, or None for one. ``segments``: for each segmentation, codes (n,).
    """

    rows: int
    keys: Sequence[tuple[int, str]]
    slots: AnyArray | None
    present: Sequence[AnyArray | None]
    copies: Sequence[AnyArray | None]
    segments: Sequence[AnyArray]
    columns: Sequence[Numbers | Texts]
