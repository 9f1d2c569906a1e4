"""One pass over predictions and labels: performance states by day, due day, version, and
segment."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.states.batch import Numbers, SegmentationCodes
from modelwatch.stats.states.moments import Workspace, normalised, power_sums
from modelwatch.stats.states.score_batch import (
    LABEL_ACCOUNT,
    UNDECIDED,
    WHOLE,
    ScopeVectors,
    ScoreBatch,
    ScorePlan,
    Task,
)
from modelwatch.stats.states.score_cells import Piece, Powers, pieces_of, slice_piece
from modelwatch.stats.states.slice_bins import SliceBins
from modelwatch.stats.value_names import ALL

__all__ = [
    "LABEL_ACCOUNT",
    "UNDECIDED",
    "WHOLE",
    "ScoreBatch",
    "ScorePlan",
    "ScoreTally",
    "SparseSums",
    "Task",
    "batch_sums",
    "summed",
]

_EXACT_ROWS = 1 << 20
"""Rows whose units, below 2**32 each, add up exactly in doubles."""
_CODES_A_ROW = 8
"""Codes per row up to which a dense table of a batch costs less than sorting its rows."""
_FEWEST_COMPACTED = 1 << 18
_MAX_VALUES = 200_000


class SparseSums:
    """Adds up counts or integer units by code; codes are non-negative longs.

    Memory is bounded by the number of distinct codes and of added rows, not by the range of the
    codes.
    """

    def __init__(self) -> None:
        self._codes: list[AnyArray] = []
        self._sums: list[Counts] = []
        self._held = 0
        self._limit = _FEWEST_COMPACTED

    def __len__(self) -> int:
        """Number of codes held; those of several batches count separately until they are
        compacted."""
        return self._held

    def add(self, codes: AnyArray, sums: Counts) -> None:
        """Adds sums to distinct codes."""
        if not len(codes):
            return
        self._codes.append(codes)
        self._sums.append(sums)
        self._held += len(codes)
        if self._held > self._limit:
            self.compacted()
            self._limit = max(_FEWEST_COMPACTED, 2 * self._held)

    def compacted(self) -> tuple[AnyArray, Counts]:
        """Distinct codes, ascending, and the sum of each; (m,) both. Zero sums are left out."""
        if not self._codes:
            none = np.empty(0, dtype=np.int64)
            return none, none
        codes, sums = summed(np.concatenate(self._codes), np.concatenate(self._sums))
        self._codes, self._sums, self._held = [codes], [sums], len(codes)
        return codes, sums


def summed(codes: AnyArray, values: Counts) -> tuple[AnyArray, Counts]:
    """Distinct codes, ascending, and the exact sum of the values of each, without zeros."""
    order = np.argsort(codes, kind="stable")
    ordered = codes[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=ordered[0] - 1)) if len(ordered) else order
    totals = np.add.reduceat(values[order], starts) if len(starts) else values[:0]
    held = totals != 0
    return ordered[starts][held], totals[held]


def batch_sums(codes: AnyArray, units: Floats | None, span: int) -> tuple[AnyArray, Counts]:
    """Distinct codes of the rows of a batch, ascending, with their rows or the sums of units.

    ``codes`` (n,) are below ``span``. ``units`` (n,): integers below 2**32, None to count rows.
    """
    if span > _CODES_A_ROW * len(codes):
        values = np.ones(len(codes), dtype=np.int64) if units is None else units.astype(np.int64)
        return summed(codes, values)
    if units is None:
        table = np.bincount(codes, minlength=span)
    else:
        table = np.zeros(span, dtype=np.int64)
        for start in range(0, len(codes), _EXACT_ROWS):
            part = slice(start, start + _EXACT_ROWS)
            table += np.bincount(codes[part], units[part], span).astype(np.int64)
    held = np.flatnonzero(table)
    return held, table[held]


class _Limbs:
    """Power sums in limbs, one vector for each scope; grows with the number of scopes."""

    def __init__(self, length: int) -> None:
        self.rows: Counts = np.zeros((16, length), dtype=np.int64)

    def reserve(self, scopes: int) -> None:
        """Reserves space for a number of scopes."""
        if scopes > len(self.rows):
            grown = np.zeros((max(scopes, 2 * len(self.rows)), self.rows.shape[1]), dtype=np.int64)
            grown[: len(self.rows)] = self.rows
            self.rows = grown


class _Vectors:
    """The vectors of counts and of sums of one kind and name, for all scopes of a segmentation.

    A code is the index of a scope times ``width``, plus a position of its vectors.
    """

    def __init__(self, piece: Piece) -> None:
        self.lengths = piece.counts, piece.sums
        self.width = max(piece.counts, piece.sums)
        self.counts, self.sums = SparseSums(), SparseSums()
        self.limbs = _Limbs(piece.sums) if piece.powers else None

    @property
    def longs(self) -> int:
        """Number of longs held: a code and a sum each, and those of limbs."""
        limbs = 0 if self.limbs is None else self.limbs.rows.size
        return 2 * (len(self.counts) + len(self.sums)) + limbs

    def entries(self, scopes: int) -> tuple[AnyArray, Counts, Counts]:
        """Codes of nonzero entries, ascending, with counts and sums; (m,) each."""
        codes, counts = self.counts.compacted()
        if self.limbs is None:
            others, sums = self.sums.compacted()
        else:
            limbs = normalised(self.limbs.rows[:scopes])
            scope, position = np.nonzero(limbs)
            others, sums = scope * self.width + position, limbs[scope, position]
        every = np.union1d(codes, others)
        found = np.zeros((2, len(every)), dtype=np.int64)
        found[0, np.searchsorted(every, codes)] = counts
        found[1, np.searchsorted(every, others)] = sums
        return every, found[0], found[1]


class _Split:
    """One segmentation: the scopes (key and segment) so far, and their vectors by kind."""

    def __init__(self, segmentation: SegmentationCodes) -> None:
        self.segmentation = segmentation
        self.scopes: dict[tuple[tuple[int, int, str], int], int] = {}
        self.vectors: dict[tuple[str, str], _Vectors] = {}

    def place(self, batch: ScoreBatch, codes: AnyArray | None) -> tuple[AnyArray, AnyArray]:
        """Index of each scope of the rows, and of each row into these."""
        segments = len(self.segmentation.segments)
        combined = batch.slots.astype(np.int64)
        if codes is not None:
            combined = combined * segments + codes
        present = np.flatnonzero(np.bincount(combined))
        lookup = np.zeros(present[-1] + 1, dtype=np.int64)
        lookup[present] = np.arange(len(present))
        found = []
        for scope in present.tolist():
            slot, code = divmod(scope, segments) if codes is not None else (scope, 0)
            found.append(self.scopes.setdefault((batch.keys[slot], code), len(self.scopes)))
        return np.array(found, dtype=np.int64), lookup[combined]

    def add(
        self, piece: Piece, scopes: AnyArray, row_scopes: AnyArray, workspace: Workspace
    ) -> None:
        """Adds a piece of rows to the vectors of their scopes."""
        key = (piece.kind, piece.name)
        held = self.vectors.get(key)
        if held is None:
            held = self.vectors[key] = _Vectors(piece)
        if held.lengths[0] != piece.counts:
            raise ValueError(f"batches differ in the length of {piece.kind} states")
        width, span = held.width, len(scopes) * held.width
        for sums, parts in ((held.counts, piece.counted), (held.sums, piece.summed)):
            for cells in parts:
                places = row_scopes if cells.rows is None else row_scopes[cells.rows]
                codes, totals = batch_sums(places * width + cells.at, cells.units, span)
                sums.add(scopes[codes // width] * width + codes % width, totals)
        if held.limbs is not None:
            held.limbs.reserve(len(self.scopes))
            for powers in piece.powers:
                _add_powers(held.limbs.rows, powers, scopes, row_scopes, workspace)

    def states(self) -> Iterator[ScopeVectors]:
        """The states of each kind and name so far, for all scopes together."""
        segments = (ALL,) if self.segmentation.name == ALL else self.segmentation.segments
        scopes = [(*key, segments[code]) for key, code in self.scopes]
        for (kind, name), vectors in self.vectors.items():
            codes, counts, sums = vectors.entries(len(scopes))
            if len(codes):
                owners, positions = np.divmod(codes, vectors.width)
                yield ScopeVectors(
                    self.segmentation.name,
                    kind,
                    name,
                    scopes,
                    *vectors.lengths,
                    owners,
                    positions,
                    counts,
                    sums,
                )


class ScoreTally:
    """Adds batches of rows to the states of a plan; the fold behind one pass over the data."""

    def __init__(self, plan: ScorePlan) -> None:
        self.plan = plan
        self._whole = _Split(SegmentationCodes(ALL, ()))
        self._splits = [_Split(segmentation) for segmentation in plan.segmentations]
        self._slices = [SliceBins(column.binning) for column in plan.slices]
        self._known: list[dict[str, int]] = [{} for _ in plan.slices]
        self._workspace = Workspace()

    @property
    def longs(self) -> int:
        """Number of longs held in counts and sums."""
        return sum(
            vectors.longs
            for split in (self._whole, *self._splits)
            for vectors in split.vectors.values()
        )

    def add(self, batch: ScoreBatch) -> None:
        """Counts the rows of a batch.

        Raises ValueError for a label or a decision that the task does not have.
        """
        if not batch.rows:
            return
        self._check(batch)
        whole = self._whole.place(batch, None)
        places = [
            (split, *split.place(batch, codes))
            for split, codes in zip(self._splits, batch.segments, strict=True)
        ]
        for piece in pieces_of(self.plan, batch):
            self._whole.add(piece, *whole, self._workspace)
            if not piece.whole:
                for split, scopes, row_scopes in places:
                    split.add(piece, scopes, row_scopes, self._workspace)
        for at, column in enumerate(self.plan.slices):
            bins, values = self._slices[at], batch.slices[at]
            if isinstance(values, Numbers):
                slices = bins.of_numbers(values)
            else:
                if len(self._known[at]) > _MAX_VALUES:
                    self._known[at].clear()
                slices = bins.of_texts(values, self._known[at])
            piece = slice_piece(self.plan, batch, column.name, slices, bins.length)
            self._whole.add(piece, *whole, self._workspace)

    def vectors(self) -> Iterator[ScopeVectors]:
        """The states so far, those of one segmentation, kind, and name together."""
        for split in (self._whole, *self._splits):
            yield from split.states()

    def _check(self, batch: ScoreBatch) -> None:
        classes = len(self.plan.classes)
        labels = {"binary": 2, "multiclass": classes + 1, "regression": 1}[self.plan.task]
        decisions = {"binary": 1, "multiclass": classes, "regression": None}[self.plan.task]
        _check_bounds("label", batch.label, 0, labels)
        if decisions is not None:
            _check_bounds("decision", batch.decision, -1, decisions)
        if self.plan.task == "multiclass" and batch.score.ndim == 2:
            if batch.score.shape[1] != classes:
                raise ValueError(f"{classes} classes need as many columns of scores")
        elif batch.score.ndim != 1:
            raise ValueError(f"the score of a {self.plan.task} task is one column")


def _check_bounds(name: str, found: AnyArray, least: int, greatest: int) -> None:
    if found.min() < least or found.max() > greatest:
        raise ValueError(f"a {name} is not in {least} to {greatest}")


def _add_powers(
    sums: Counts, powers: Powers, scopes: AnyArray, row_scopes: AnyArray, workspace: Workspace
) -> None:
    if not len(powers.rows):
        return
    order, starts, held = _runs(row_scopes[powers.rows], len(scopes))
    values: Floats = powers.values if order is None else powers.values[order]
    found = power_sums(values, starts, powers.center, powers.scale, workspace)
    part = slice(powers.at, powers.at + powers.longs)
    scope = scopes[held]
    sums[scope, part] = normalised(sums[scope, part] + found[:, : powers.longs])


def _runs(scopes: AnyArray, count: int) -> tuple[AnyArray | None, AnyArray, AnyArray]:
    """Order of the rows by scope (None if unchanged), where each run begins, and its scope."""
    if count == 1:
        zero = np.zeros(1, dtype=np.int64)
        return None, zero, zero
    narrow = scopes.astype(np.uint16) if count <= 1 << 16 else scopes
    order = np.argsort(narrow, kind="stable")
    ordered = scopes[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    return order, starts, ordered[starts]
