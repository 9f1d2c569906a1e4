"""States of the columns of a frame: bins fitted on a reference, and a fold over the rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from modelwatch.api.arrow_frames import FrameColumn
from modelwatch.spark.batches import numbers_of, texts_of
from modelwatch.stats.arrays import Counts, Hashes
from modelwatch.stats.batch import PAIRS, Batch, Block, Column, TallyPlan
from modelwatch.stats.binning import (
    Binning,
    CategoricalBinning,
    NumericBinning,
    fit_categorical,
    fit_numeric,
)
from modelwatch.stats.categorical import CategoricalStates
from modelwatch.stats.distinct import hash_of_text, smallest
from modelwatch.stats.moments import LENGTH
from modelwatch.stats.numeric import NumericStates
from modelwatch.stats.pairs import PairStates
from modelwatch.stats.state import State
from modelwatch.stats.tally import Tally

ROWS_PER_BATCH = 32_768
MOST_KNOWN_VALUES = 100_000
"""Different values of a categorical column up to which every new value counts as unseen."""
MOST_PAIRED = 64
"""Numeric columns whose correlations are kept, the first ones of the frame."""

FeatureStates = NumericStates | CategoricalStates


@dataclass(frozen=True)
class ColumnStates:
    """States of the columns of a frame, one scope per day, ascending.

    ``days`` (D,): numbers since 1970-01-01. ``features``: a stack of D states per column.
    ``sketches``: of distinct values, all days together. ``pairs``: of the numeric columns together;
    None for fewer than two.
    """

    days: Counts
    features: Mapping[str, FeatureStates]
    sketches: Mapping[str, Hashes]
    pairs: PairStates | None

    @property
    def whole(self) -> Counts:
        """The span of all days, for ``roll_up``."""
        return np.array([[0, len(self.days)]], dtype=np.int64)


def fitted_binnings(
    columns: Sequence[FrameColumn],
    special_values: Mapping[str, Sequence[float]],
    *,
    bins: int,
    max_values: int,
) -> dict[str, Binning]:
    """The bins of each column, fitted on all of its rows."""
    return {
        column.name: _numeric_binning(column, special_values.get(column.name, ()), bins)
        if column.kind == "numeric"
        else _categorical_binning(column, max_values)
        for column in columns
    }


def _numeric_binning(
    column: FrameColumn, special_values: Sequence[float], bins: int
) -> NumericBinning:
    values = column.values.to_numpy()
    finite = values[np.isfinite(values)]
    inside = finite[~np.isin(finite, special_values)]
    low, high = (inside.min(), inside.max()) if len(inside) else (np.nan, np.nan)
    return fit_numeric(finite, float(low), float(high), bins=bins, special_values=special_values)


def _categorical_binning(column: FrameColumn, max_values: int) -> CategoricalBinning:
    counted = pc.value_counts(column.values.drop_null())
    values, rows = (counted.field(name).to_pylist() for name in ("values", "counts"))
    return fit_categorical(
        dict(zip(values, rows, strict=True)),
        {value: hash_of_text(value) for value in values},
        max_values=max_values,
        complete=len(values) <= MOST_KNOWN_VALUES,
    )


def column_states(
    columns: Sequence[FrameColumn], binnings: Mapping[str, Binning], days: Counts
) -> ColumnStates:
    """The states of some columns in given bins; ``days``: the day number of each row."""
    numeric = [at for at, column in enumerate(columns) if column.kind == "numeric"][:MOST_PAIRED]
    plan = TallyPlan(
        tuple(Column(column.name, 0, binnings[column.name]) for column in columns),
        blocks=(Block(0, tuple(numeric)),) if len(numeric) > 1 else (),
    )
    tally = Tally(plan)
    table = pa.table([c.values for c in columns], names=[str(i) for i in range(len(columns))])
    start = 0
    for record in table.to_batches(max_chunksize=ROWS_PER_BATCH):
        tally.add(_batch(record, columns, days[start : start + record.num_rows]))
        start += record.num_rows
    found: dict[str, dict[int, State]] = defaultdict(dict)
    for (day, *_, feature), state in tally.states():
        found[feature][day] = state
    numbers = np.unique(days) if len(days) else np.zeros(1, dtype=np.int64)
    by_feature = {
        column.name: [found[column.name].get(int(day)) for day in numbers] for column in columns
    }
    return ColumnStates(
        numbers,
        {name: _stack(binnings[name], states) for name, states in by_feature.items()},
        {name: _sketch(states) for name, states in by_feature.items()},
        _pairs(plan, [found[PAIRS].get(int(day)) for day in numbers]),
    )


def _batch(record: pa.RecordBatch, columns: Sequence[FrameColumn], days: Counts) -> Batch:
    met, slots = np.unique(days, return_inverse=True)
    return Batch(
        rows=record.num_rows,
        keys=[(int(day), "") for day in met],
        slots=None if len(met) == 1 else slots.astype(np.int32),
        present=[None],
        copies=[None],
        segments=[],
        columns=[
            numbers_of(values) if column.kind == "numeric" else texts_of(values)
            for column, values in zip(columns, record.columns, strict=True)
        ],
    )


def _stack(binning: Binning, states: Sequence[State | None]) -> FeatureStates:
    n = len(states)
    counts = np.zeros((n, binning.length), dtype=np.int64)
    least, greatest = np.full(n, np.nan), np.full(n, np.nan)
    sums = np.zeros((n, LENGTH), dtype=np.int64)
    characters = np.zeros(n, dtype=np.int64)
    unseen: list[Mapping[str, int]] = [{}] * n
    for at, state in enumerate(states):
        if state is None:
            continue
        counts[at] = state.counts
        least[at], greatest[at] = state.minimum, state.maximum
        if state.sums is not None:
            sums[at] = state.sums
        if state.lengths is not None:
            characters[at], least[at], greatest[at] = state.lengths
        unseen[at] = state.unseen or {}
    if isinstance(binning, NumericBinning):
        return NumericStates(binning, counts, sums, least, greatest)
    return CategoricalStates(binning, counts, tuple(unseen), characters, least, greatest)


def _sketch(states: Sequence[State | None]) -> Hashes:
    held = [state.sketch for state in states if state is not None and state.sketch is not None]
    return smallest(np.concatenate(held)) if held else np.empty(0, dtype=np.uint64)


def _pairs(plan: TallyPlan, states: Sequence[State | None]) -> PairStates | None:
    if not plan.blocks:
        return None
    block = [plan.columns[index] for index in plan.blocks[0].columns]
    products = np.zeros((len(states), 4, len(block), len(block)), dtype=np.int64)
    for at, state in enumerate(states):
        if state is not None:
            products[at] = state.counts.reshape(products.shape[1:])
    fingerprint = " ".join(column.binning.fingerprint for column in block)
    return PairStates(tuple(column.name for column in block), fingerprint, products)
