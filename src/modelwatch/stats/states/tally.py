"""One pass over batches of rows: the states of every feature by day, model version, and segment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from modelwatch.errors import instance_of, present
from modelwatch.stats.arrays import AnyArray, Counts, Floats, Hashes
from modelwatch.stats.states.batch import (
    PAIRS,
    ROW_FEATURE,
    Batch,
    BatchColumn,
    Block,
    Numbers,
    SegmentationCodes,
    TallyPlan,
    Texts,
)
from modelwatch.stats.states.binning import (
    UNSEEN,
    Binning,
    CategoricalBinning,
    NumericBinning,
)
from modelwatch.stats.states.categorical import MAX_UNSEEN, TextCodes, bounded_unseen, example_of
from modelwatch.stats.states.distinct import SIZE, hashes_of_doubles, merged, smallest
from modelwatch.stats.states.kernel import CompiledBins, Kernel
from modelwatch.stats.states.moments import LENGTH, Workspace, normalised
from modelwatch.stats.states.pairs import cross_products, standardised
from modelwatch.stats.states.runs import Runs, numeric_runs, runs_of
from modelwatch.stats.states.state import State, StateKey
from modelwatch.stats.value_names import ALL

_DENSE_CELLS = 8
"""Cells per row of a batch up to which segment values are counted in a dense table."""


class _Cells:
    """Counts of one column in one scope: one row per segment."""

    __slots__ = ("counts", "maximum", "minimum", "sums")

    def __init__(self, segments: int, binning: Binning) -> None:
        self.counts: Counts = np.zeros((segments, binning.length), dtype=np.int64)
        numeric = isinstance(binning, NumericBinning)
        self.sums: Counts | None = np.zeros((segments, LENGTH), dtype=np.int64) if numeric else None
        self.minimum: Floats = np.full(segments, np.nan)
        self.maximum: Floats = np.full(segments, np.nan)


class _Extras:
    """What is computed for a column and all traffic of a scope only."""

    __slots__ = ("length_max", "length_min", "length_sum", "sketch", "unseen")

    def __init__(self) -> None:
        self.sketch = np.empty(0, dtype=np.uint64)
        self.unseen: dict[str, int] = {}
        self.length_sum = 0
        self.length_min = float("nan")
        self.length_max = float("nan")

    @property
    def threshold(self) -> np.uint64:
        """Hashes above it cannot enter the sketch."""
        full = len(self.sketch) == SIZE
        return np.uint64(self.sketch[-1]) if full else np.uint64(2**64 - 1)


class Tally:
    """Adds batches of rows to the states of a plan; the fold behind one pass over the data.

    ``kernel``: compiled functions, which give the same digits as numpy in less time.
    """

    def __init__(self, plan: TallyPlan, kernel: Kernel | None = None) -> None:
        self.plan = plan
        self._splits = plan.segmentations or (SegmentationCodes(ALL, ()),)
        self._cells: dict[tuple[int, str], list[list[_Cells]]] = {}
        self._extras: dict[tuple[int, str], list[_Extras]] = {}
        self._products: dict[tuple[int, str], list[Counts | None]] = {}
        self._rows: dict[tuple[int, str], Counts] = {}
        self._workspace = Workspace()
        self._block_rows = np.empty(0)
        self._text_codes = [
            TextCodes(column.binning) if isinstance(column.binning, CategoricalBinning) else None
            for column in plan.columns
        ]
        self._compiled: list[CompiledBins | None] = [
            kernel.bins(column.binning)
            if kernel is not None and isinstance(column.binning, NumericBinning)
            else None
            for column in plan.columns
        ]

    @property
    def longs(self) -> int:
        """Number of longs held in counts."""
        return len(self._cells) * self.plan.longs_a_scope

    def add(self, batch: Batch) -> None:
        """Counts the rows of a batch."""
        if not batch.rows:
            return
        for key in batch.keys:
            if key not in self._cells:
                self._cells[key] = [
                    [_Cells(len(split.segments), column.binning) for split in self._splits]
                    for column in self.plan.columns
                ]
                self._extras[key] = [_Extras() for _ in self.plan.columns]
                self._products[key] = [None] * len(self.plan.blocks)
                self._rows[key] = np.zeros(2 + 2 * len(batch.present), dtype=np.int64)
        roles = sorted({column.role for column in self.plan.columns})
        runs = {role: self._role_runs(batch, role) for role in roles}
        for at, column in enumerate(self.plan.columns):
            values = batch.columns[at]
            if isinstance(values, Numbers):
                self._add_numbers(batch, at, column, values, runs[column.role])
            else:
                self._add_texts(batch, at, values, runs[column.role])
        for at, block in enumerate(self.plan.blocks):
            self._add_block(batch, at, block)
        self._add_rows(batch)

    def states(self) -> Iterator[tuple[StateKey, State]]:
        """The states so far, each with its key; empty segments are left out."""
        for (day, version), columns in self._cells.items():
            yield (day, version, 0, ALL, ALL, ROW_FEATURE), State(counts=self._rows[day, version])
            for column, splits, extras in zip(
                self.plan.columns, columns, self._extras[day, version], strict=True
            ):
                whole = splits[0]
                if not whole.counts.any():
                    continue
                scope = (day, version, column.role)
                yield (*scope, ALL, ALL, column.name), _whole_state(column, whole, extras)
                if not self.plan.segmentations:
                    continue
                for split, cells in zip(self._splits, splits, strict=True):
                    for code in np.flatnonzero(cells.counts.any(axis=1)):
                        key = (*scope, split.name, split.segments[code], column.name)
                        yield key, _segment_state(cells, int(code))
            for block, products in zip(self.plan.blocks, self._products[day, version], strict=True):
                if products is not None:
                    key = (day, version, block.role, ALL, ALL, PAIRS)
                    yield key, State(counts=products.ravel())

    def _role_runs(self, batch: Batch, role: int) -> list[Runs]:
        if not self.plan.segmentations:
            return [runs_of(batch.slots, None, len(self._splits[0].segments), batch, role)]
        return [
            runs_of(batch.slots, codes, len(split.segments), batch, role)
            for split, codes in zip(self._splits, batch.segments, strict=True)
        ]

    def _add_numbers(
        self, batch: Batch, at: int, column: BatchColumn, numbers: Numbers, splits: list[Runs]
    ) -> None:
        binning = instance_of(column.binning, NumericBinning)
        compiled = self._compiled[at]
        for split, runs in enumerate(splits):
            if not len(runs.starts):
                return
            if compiled is not None:
                counts, sums, minimum, maximum = compiled.runs(numbers.values, numbers.nulls, runs)
                if split == 0:
                    self._add_distinct(batch, at, compiled, numbers, runs)
            else:
                values, nulls, rest = _ordered(numbers, runs)
                if split == 0:
                    self._add_hashes(batch, at, hashes_of_doubles(values, rest), values, runs)
                counts, sums, minimum, maximum = numeric_runs(
                    values, nulls, runs, binning, self._workspace
                )
            for slot, key in enumerate(batch.keys):
                mine = np.flatnonzero(runs.scopes == slot)
                if not len(mine):
                    continue
                cells, codes = self._cells[key][at][split], runs.codes[mine]
                cells.counts[codes] += counts[mine]
                present(cells.sums, "sums")[codes] += sums[mine]
                cells.minimum[codes] = np.fmin(cells.minimum[codes], minimum[mine])
                cells.maximum[codes] = np.fmax(cells.maximum[codes], maximum[mine])

    def _add_hashes(
        self, batch: Batch, at: int, hashes: Hashes, values: Floats, runs: Runs
    ) -> None:
        for slot, key in enumerate(batch.keys):
            mine = np.flatnonzero(runs.scopes == slot)
            if not len(mine):
                continue
            extras = self._extras[key][at]
            rows = slice(runs.starts[mine[0]], runs.stops[mine[-1]])
            entering = np.flatnonzero(hashes[rows] < extras.threshold)
            if len(entering):
                candidates = hashes[rows][entering]
                known = ~np.isnan(values[rows][entering])
                extras.sketch = merged(extras.sketch, smallest(candidates[known]))

    def _add_distinct(
        self, batch: Batch, at: int, compiled: CompiledBins, numbers: Numbers, runs: Runs
    ) -> None:
        for slot, key in enumerate(batch.keys):
            mine = np.flatnonzero(runs.scopes == slot)
            if len(mine):
                extras = self._extras[key][at]
                rows = slice(int(runs.starts[mine[0]]), int(runs.stops[mine[-1]]))
                extras.sketch = compiled.distinct(
                    numbers.values, numbers.rest, runs.order, rows, extras.sketch
                )

    def _add_texts(self, batch: Batch, at: int, texts: Texts, splits: list[Runs]) -> None:
        text_codes = present(self._text_codes[at], "text_codes")
        codes, hashes, lengths = text_codes.of(texts.dictionary)
        first = splits[0]
        if not len(first.starts):
            return
        indices = texts.indices if first.present is None else texts.indices[first.present]
        entries = len(texts.dictionary) + 1
        where = indices
        if batch.slots is not None:
            slots = batch.slots if first.present is None else batch.slots[first.present]
            where = slots.astype(np.int64) * entries + indices
        rows_by_value = np.bincount(where, minlength=len(batch.keys) * entries).reshape(-1, entries)
        for slot, key in enumerate(batch.keys):
            self._add_values(
                self._extras[key][at], texts.dictionary, rows_by_value[slot], codes, hashes, lengths
            )
        length = self.plan.columns[at].binning.length
        if not self.plan.segmentations:
            for slot, key in enumerate(batch.keys):
                counts = np.bincount(codes, weights=rows_by_value[slot], minlength=length)
                self._cells[key][at][0].counts[0] += counts.astype(np.int64)
            return
        row_codes = codes[indices]
        for split, runs in enumerate(splits):
            segments = len(self._splits[split].segments)
            cells = runs.row_codes * np.int64(length) + row_codes
            size = segments * length
            if len(batch.keys) * size <= _DENSE_CELLS * len(cells):
                table = np.bincount(cells, minlength=len(batch.keys) * size)
                for slot, key in enumerate(batch.keys):
                    counted = table[slot * size : (slot + 1) * size]
                    self._cells[key][at][split].counts += counted.reshape(segments, length)
                continue
            # A dense table would cost more than the few rows.
            held, rows = np.unique(cells, return_counts=True)
            ends = np.searchsorted(held, np.arange(len(batch.keys) + 1) * size)
            for slot, key in enumerate(batch.keys):
                mine = slice(ends[slot], ends[slot + 1])
                flat = self._cells[key][at][split].counts.reshape(-1)
                flat[held[mine] - slot * size] += rows[mine]

    @staticmethod
    def _add_values(
        extras: _Extras,
        dictionary: Sequence[str],
        rows: AnyArray,
        codes: AnyArray,
        hashes: AnyArray,
        lengths: AnyArray,
    ) -> None:
        met = np.flatnonzero(rows[:-1])
        if not len(met):
            return
        extras.length_sum += int(rows[met] @ lengths[met])
        extras.length_min = float(np.fmin(extras.length_min, lengths[met].min()))
        extras.length_max = float(np.fmax(extras.length_max, lengths[met].max()))
        entering = hashes[met] < extras.threshold
        if entering.any():
            extras.sketch = merged(extras.sketch, smallest(hashes[met][entering]))
        for i in met[codes[met] == UNSEEN]:
            value = example_of(dictionary[i])
            extras.unseen[value] = extras.unseen.get(value, 0) + int(rows[i])
        if len(extras.unseen) > 16 * MAX_UNSEEN:
            extras.unseen = dict(bounded_unseen(extras.unseen))

    def _add_rows(self, batch: Batch) -> None:
        everywhere = np.ones(batch.rows, dtype=bool)
        masks = [everywhere if mask is None else mask for mask in batch.present]
        present = [everywhere, *masks, np.logical_and.reduce(masks)]
        extra = [
            np.zeros(batch.rows) if copies is None else np.maximum(copies - 1, 0)
            for copies in batch.copies
        ]
        slots = np.zeros(batch.rows, dtype=np.int64) if batch.slots is None else batch.slots
        counts = [
            np.bincount(slots, weights=weights, minlength=len(batch.keys))
            for weights in (*present, *extra)
        ]
        for slot, key in enumerate(batch.keys):
            self._rows[key] += np.array([int(count[slot]) for count in counts])

    def _add_block(self, batch: Batch, at: int, block: Block) -> None:
        d = len(block.columns)
        if len(self._block_rows) < 2 * batch.rows * d:
            self._block_rows = np.empty(2 * batch.rows * d)
        z, spare = (
            self._block_rows[i * batch.rows * d : (i + 1) * batch.rows * d].reshape(
                (batch.rows, d), order="F"
            )
            for i in range(2)
        )
        present = np.ones((batch.rows, d), dtype=bool, order="F")
        complete = np.ones(d, dtype=bool)
        for j, index in enumerate(block.columns):
            numbers = instance_of(batch.columns[index], Numbers)
            compiled = self._compiled[index]
            if compiled is not None:
                complete[j] = compiled.steps(numbers.values, z[:, j], present[:, j])
                continue
            binning = instance_of(self.plan.columns[index].binning, NumericBinning)
            values, finite = numbers.values, np.isfinite(numbers.values)
            if not finite.all():
                complete[j] = False
                present[:, j] = finite
                values = np.where(finite, values, binning.center)
            standardised(values, binning.center, binning.scale, out=z[:, j])
        having = batch.present[block.role]
        for slot, key in enumerate(batch.keys):
            mine = having
            if batch.slots is not None:
                mine = batch.slots == slot if having is None else having & (batch.slots == slot)
            if mine is None:
                products = cross_products(z, present, complete, spare)
            elif mine.any():
                products = cross_products(z[mine], present[mine], complete)
            else:
                continue
            before = self._products[key][at]
            self._products[key][at] = products if before is None else before + products


def _ordered(numbers: Numbers, runs: Runs) -> tuple[Floats, AnyArray | None, Hashes | None]:
    """Values, nulls, and rest in the order of some runs; values are a copy, which may be sorted."""
    order, nulls, rest = runs.order, numbers.nulls, numbers.rest
    if order is None:
        return numbers.values.copy(), nulls, rest
    return (
        numbers.values.take(order),
        None if nulls is None else nulls[order],
        None if rest is None else rest[order],
    )


def _whole_state(column: BatchColumn, cells: _Cells, extras: _Extras) -> State:
    numeric = isinstance(column.binning, NumericBinning)
    return State(
        counts=cells.counts.sum(axis=0),
        sums=None if cells.sums is None else normalised(cells.sums.sum(axis=0)),
        minimum=float(np.fmin.reduce(cells.minimum)),
        maximum=float(np.fmax.reduce(cells.maximum)),
        sketch=extras.sketch,
        unseen=None if numeric else bounded_unseen(extras.unseen),
        lengths=None if numeric else (extras.length_sum, extras.length_min, extras.length_max),
    )


def _segment_state(cells: _Cells, code: int) -> State:
    return State(
        counts=cells.counts[code],
        sums=None if cells.sums is None else normalised(cells.sums[code]),
        minimum=float(cells.minimum[code]),
        maximum=float(cells.maximum[code]),
    )
