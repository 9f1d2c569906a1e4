"""One pass over predictions and labels: performance states by day, due day, version, segment."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.batch import ALL, Numbers, Segmentation
from modelwatch.stats.moments import Workspace, normalised, power_sums
from modelwatch.stats.score_batch import (
    LABEL_ACCOUNT,
    LIMBED,
    WHOLE,
    ScoreBatch,
    ScoreKey,
    ScorePlan,
    ScoreState,
    Task,
)
from modelwatch.stats.score_cells import Cells, Piece, Powers, pieces_of, slice_piece
from modelwatch.stats.slice_bins import SliceBins

__all__ = [
    "LABEL_ACCOUNT",
    "WHOLE",
    "ScoreBatch",
    "ScoreKey",
    "ScorePlan",
    "ScoreState",
    "ScoreTally",
    "Task",
]

_EXACT_ROWS = 1 << 20
"""Rows whose units, below 2**32 each, add up exactly in doubles."""
_MAX_VALUES = 200_000


class _Vectors:
    """Vectors of longs, one for each scope met; grows as scopes come."""

    def __init__(self, length: int) -> None:
        self.rows: Counts = np.zeros((16, length), dtype=np.int64)

    def reserve(self, scopes: int) -> None:
        """Room for a number of scopes."""
        if scopes > len(self.rows):
            grown = np.zeros((max(scopes, 2 * len(self.rows)), self.rows.shape[1]), dtype=np.int64)
            grown[: len(self.rows)] = self.rows
            self.rows = grown


class _Split:
    """One segmentation: the scopes (key and segment) met so far, and their vectors by kind."""

    def __init__(self, segmentation: Segmentation) -> None:
        self.segmentation = segmentation
        self.scopes: dict[tuple[tuple[int, int, str], int], int] = {}
        self.vectors: dict[tuple[str, str], tuple[_Vectors, _Vectors]] = {}

    def place(self, batch: ScoreBatch, codes: AnyArray | None) -> tuple[AnyArray, AnyArray]:
        """Index of each scope that the rows have, and of each row into these."""
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
        if key not in self.vectors:
            self.vectors[key] = _Vectors(piece.counts), _Vectors(piece.sums)
        counts, sums = self.vectors[key]
        if counts.rows.shape[1] != piece.counts:
            raise ValueError(f"batches differ in the length of {piece.kind} states")
        for vectors, parts in ((counts, piece.counted), (sums, piece.summed)):
            vectors.reserve(len(self.scopes))
            length = vectors.rows.shape[1]
            for cells in parts:
                table = _table(cells, row_scopes, len(scopes) * length, length)
                vectors.rows[scopes] += table.reshape(len(scopes), length)
        for powers in piece.powers:
            _add_powers(sums.rows, powers, scopes, row_scopes, workspace)

    def states(self) -> Iterator[tuple[ScoreKey, ScoreState]]:
        """The states so far, each with its key; empty ones are left out."""
        split = self.segmentation.name
        for (key, code), at in self.scopes.items():
            for (kind, name), (counts, sums) in self.vectors.items():
                if at < len(counts.rows) and counts.rows[at].any():
                    held: Counts | None = None
                    if sums.rows.shape[1]:
                        held = sums.rows[at].copy()
                        held = normalised(held) if kind in LIMBED else held
                    segment = ALL if split == ALL else self.segmentation.segments[code]
                    where = ScoreKey(*key, split, segment, kind, name)
                    yield where, ScoreState(counts.rows[at].copy(), held)


class ScoreTally:
    """Adds batches of rows to the states of a plan; the fold behind one pass over the data."""

    def __init__(self, plan: ScorePlan) -> None:
        self.plan = plan
        self._whole = _Split(Segmentation(ALL, ()))
        self._splits = [_Split(segmentation) for segmentation in plan.segmentations]
        self._slices = [SliceBins(column.binning) for column in plan.slices]
        self._known: list[dict[str, int]] = [{} for _ in plan.slices]
        self._workspace = Workspace()

    @property
    def longs(self) -> int:
        """Longs held in counts and sums."""
        return sum(
            vectors.rows.size
            for split in (self._whole, *self._splits)
            for pair in split.vectors.values()
            for vectors in pair
        )

    def add(self, batch: ScoreBatch) -> None:
        """Counts the rows of a batch.

        Raises ValueError for a label or a decision that the task doesn't have.
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

    def states(self) -> Iterator[tuple[ScoreKey, ScoreState]]:
        """The states so far, each with its key; empty ones are left out."""
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


def _table(cells: Cells, row_scopes: AnyArray, size: int, length: int) -> Counts:
    """Counts, or sums of whole units, by scope and position."""
    scopes = row_scopes if cells.rows is None else row_scopes[cells.rows]
    where = scopes * length + cells.at
    if cells.units is None:
        return np.bincount(where, minlength=size)
    out = np.zeros(size, dtype=np.int64)
    for start in range(0, len(where), _EXACT_ROWS):
        part = slice(start, start + _EXACT_ROWS)
        out += np.bincount(where[part], cells.units[part], size).astype(np.int64)
    return out


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
    """Order of the rows by scope (None: as they stand), where each run begins, and its scope."""
    if count == 1:
        zero = np.zeros(1, dtype=np.int64)
        return None, zero, zero
    narrow = scopes.astype(np.uint16) if count <= 1 << 16 else scopes
    order = np.argsort(narrow, kind="stable")
    ordered = scopes[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    return order, starts, ordered[starts]
