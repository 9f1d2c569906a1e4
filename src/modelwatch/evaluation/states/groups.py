"""Stored states sorted by feature and segment, as one group of numpy arrays for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from modelwatch.evaluation.planning.windows import WHOLE_TABLE
from modelwatch.evaluation.sorted_rows import groups_of
from modelwatch.evaluation.states.count_vectors import COUNT_COLUMNS, count_matrix
from modelwatch.stats.arrays import AnyArray, Counts, Floats, Hashes
from modelwatch.stats.states.binning import Binning, CategoricalBinning
from modelwatch.stats.states.categorical import CategoricalStates
from modelwatch.stats.states.distinct import smallest
from modelwatch.stats.states.moments import LENGTH
from modelwatch.stats.states.numeric import NumericStates
from modelwatch.stats.states.pairs import PairStates

GROUP_KEY = ("role", "kind", "feature", "segmentation", "segment")


@dataclass(frozen=True)
class StateGroup:
    """States of one feature and segment, ascending by day; rows of a stack.

    ``days`` (n,) numbers since the epoch. ``sources`` and ``versions`` (n,): role of the table the
    rows came from, and model version.
    """

    role: str
    kind: str
    feature: str
    segmentation: str
    segment: str
    days: AnyArray
    sources: AnyArray
    versions: AnyArray
    table: pa.Table

    def of_binning(self, fingerprint: str | None) -> StateGroup:
        """The states that were counted in these bins. States of other bins cannot be added to
        them."""
        held = self.table.column("binning")
        same = held.is_null() if fingerprint is None else pc.equal(held, fingerprint)
        mine = pc.fill_null(same, False).to_numpy()
        if mine.all():
            return self
        return replace(
            self,
            days=self.days[mine],
            sources=self.sources[mine],
            versions=self.versions[mine],
            table=self.table.filter(pa.array(mine)),
        )

    def stack(self, binning: Binning) -> NumericStates | CategoricalStates:
        """The states as a stack, with the feature's binning."""
        counts = self._counts(binning.length)
        if isinstance(binning, CategoricalBinning):
            return CategoricalStates(
                binning,
                counts,
                tuple(dict(pairs or ()) for pairs in self._unseen()),
                self._longs("length_sum"),
                self._doubles("length_min"),
                self._doubles("length_max"),
            )
        return NumericStates(
            binning,
            counts,
            self._sums(),
            self._doubles("minimum"),
            self._doubles("maximum"),
        )

    def pairs(self, features: Sequence[str], fingerprint: str) -> PairStates:
        """The states of a numeric block as a stack."""
        d = len(features)
        return PairStates(
            tuple(features), fingerprint, self._counts(4 * d * d).reshape(-1, 4, d, d)
        )

    def sketches(self) -> list[Hashes | None]:
        """The sketch of distinct values of each state."""
        return [
            None if packed is None else np.frombuffer(packed, dtype="<u8")
            for packed in self.table.column("distinct_sketch").to_pylist()
        ]

    def _unseen(self) -> list[list[tuple[str, int]]]:
        return [
            [(entry["value"], entry["row_count"]) for entry in held or ()]
            for held in self.table.column("unseen").to_pylist()
        ]

    def _counts(self, width: int) -> Counts:
        lengths, positions, counts = (self.table.column(name) for name in COUNT_COLUMNS)
        try:
            return count_matrix(lengths, positions, counts, width)
        except ValueError as error:
            raise ValueError(
                f"states of {self.feature!r} do not have the length of its binning, {width}"
            ) from error

    def _sums(self) -> Counts:
        sums = self.table.column("sums")
        if (pc.fill_null(pc.list_value_length(sums), -1).to_numpy() != LENGTH).any():
            raise ValueError(f"states of {self.feature!r} do not have {LENGTH} longs of sums")
        flat = pc.list_flatten(sums).to_numpy()
        return np.asarray(flat, dtype=np.int64).reshape(-1, LENGTH)

    def _longs(self, name: str) -> Counts:
        return np.asarray(pc.fill_null(self.table.column(name), 0).to_numpy(), dtype=np.int64)

    def _doubles(self, name: str) -> Floats:
        return np.asarray(self.table.column(name).to_numpy(), dtype=np.float64)


def merged_sketch(sketches: Sequence[Hashes | None]) -> Hashes:
    """The merged sketch of some states."""
    held = [sketch for sketch in sketches if sketch is not None]
    if len(held) == 1:
        return held[0]
    return smallest(np.concatenate(held)) if held else np.empty(0, dtype=np.uint64)


def state_groups(records: Iterable[pa.RecordBatch]) -> Iterator[StateGroup]:
    """The groups of states that are sorted by ``GROUP_KEY`` and day."""
    return map(_group, groups_of(records, GROUP_KEY))


class InSegment(Protocol):
    """The parameters of an evaluation, for one segment."""

    @property
    def segmentation(self) -> str:
        """Name of the segmentation."""

    @property
    def segment(self) -> str:
        """Name of the segment."""


_Span = TypeVar("_Span", bound=InSegment)


def requested_groups(
    records: Iterable[pa.RecordBatch],
    binnings: Mapping[tuple[str, str], Binning],
    asked: Sequence[_Span],
) -> Iterator[tuple[StateGroup, Binning, list[tuple[int, _Span]]]]:
    """The groups of states in their current bins that are requested, each with the requests for its
    segment and their positions."""
    for group in state_groups(records):
        binning = binnings.get((group.role, group.feature))
        here = [
            (at, one)
            for at, one in enumerate(asked)
            if (one.segmentation, one.segment) == (group.segmentation, group.segment)
        ]
        if binning is None or not here:
            continue
        current = group.of_binning(binning.fingerprint)
        if len(current.days):
            yield current, binning, here


def _group(table: pa.Table) -> StateGroup:
    days = pc.fill_null(table.column("day").cast(pa.int32()), WHOLE_TABLE).to_numpy()
    if (days[1:] < days[:-1]).any():
        order = np.argsort(days, kind="stable")
        days, table = days[order], table.take(order)
    role, kind, feature, segmentation, segment = (
        table.column(name)[0].as_py() for name in GROUP_KEY
    )
    return StateGroup(
        role,
        kind,
        feature,
        segmentation,
        segment,
        days=days,
        sources=table.column("source").to_numpy(),
        versions=table.column("model_version").to_numpy(),
        table=table,
    )
