"""What a pass keeps, and the batches of rows that it is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from modelwatch.stats import value_names
from modelwatch.stats.arrays import AnyArray, Floats, Hashes
from modelwatch.stats.states.binning import Binning

"""Name of the segmentation, and of its one segment, that holds all traffic."""
OTHER_SEGMENT = value_names.OTHER
NULL_SEGMENT = value_names.NULL
PAIRS = "(pairs)"
"""Stands for the feature in the state of the numeric block."""
ROWS = "(rows)"
"""Stands for the feature in the account of the rows of all roles.

Its counts: rows, rows with each role, rows with both, and repeated rows left out of each role.
"""


@dataclass(frozen=True)
class BatchColumn:
    """A feature as a batch carries it: its name, role, and frozen bins."""

    name: str
    role: int
    binning: Binning


@dataclass(frozen=True)
class SegmentationCodes:
    """A bounded split of the rows: the kept segments, then the other ones, then null.

    ``kept``: names of values, as ``value_names`` has them.
    """

    name: str
    kept: tuple[str, ...]

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """Name of every code."""
        return (*self.kept, OTHER_SEGMENT, NULL_SEGMENT)


@dataclass(frozen=True)
class Block:
    """The numeric features of one role whose products are kept, as indices of the columns."""

    role: int
    columns: tuple[int, ...]


@dataclass(frozen=True)
class TallyPlan:
    """What a pass keeps: columns, segmentations, and at most one numeric block a role."""

    columns: tuple[BatchColumn, ...]
    segmentations: tuple[SegmentationCodes, ...] = ()
    blocks: tuple[Block, ...] = ()

    @cached_property
    def longs_a_scope(self) -> int:
        """Longs that the counts of one day and model version take."""
        segments = sum(len(s.segments) for s in self.segmentations) or 1
        return segments * sum(column.binning.length for column in self.columns)


@dataclass(frozen=True)
class Numbers:
    """Values of a numeric column, (n,); NaN also where ``nulls`` (None: there is no null).

    ``rest`` tells exact numbers apart that have one double: 0 where a double is exact, None where
    all are.
    """

    values: Floats
    nulls: AnyArray | None
    rest: Hashes | None = None


@dataclass(frozen=True)
class Texts:
    """Values of a categorical column: indices (n,) into a dictionary, its length for null."""

    dictionary: Sequence[str]
    indices: AnyArray


@dataclass(frozen=True)
class Batch:
    """Rows of one pass.

    ``slots``: (n,) indices into ``keys``, or None where all rows are of the only key.
    ``keys``: (day number since the epoch, model version). ``present``: for each role, the mask of
    rows that have it, or None for all. ``copies``: for each role, how many rows of its table each
    row stands for, or None for one. ``segments``: for each segmentation, codes (n,).
    """

    rows: int
    keys: Sequence[tuple[int, str]]
    slots: AnyArray | None
    present: Sequence[AnyArray | None]
    copies: Sequence[AnyArray | None]
    segments: Sequence[AnyArray]
    columns: Sequence[Numbers | Texts]
