"""States of the columns of a frame: bins fitted on a reference, and a fold over the rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from modelwatch.api.arrow_frames import FrameColumn, doubles
from modelwatch.evaluation.states.batches import exact_numbers_of, numbers_of, texts_of
from modelwatch.model.config.literals import number_of, special_value
from modelwatch.stats.arrays import Counts, Hashes
from modelwatch.stats.states.batch import PAIRS, Batch, BatchColumn, Block, TallyPlan
from modelwatch.stats.states.binning import (
    Binning,
    CategoricalBinning,
    NumericBinning,
    fit_categorical,
    fit_numeric,
)
from modelwatch.stats.states.categorical import CategoricalStates
from modelwatch.stats.states.distinct import hash_of_text, smallest
from modelwatch.stats.states.exact_numbers import ExactNumber, doubles_of, fitted_offset, units_of
from modelwatch.stats.states.moments import LENGTH
from modelwatch.stats.states.numeric import NumericStates
from modelwatch.stats.states.pairs import PairStates
from modelwatch.stats.states.state import State
from modelwatch.stats.states.tally import Tally

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


def codes_of(column: FrameColumn, special_values: Sequence[ExactNumber]) -> tuple[ExactNumber, ...]:
    """Special values as a column holds them: a float column holds the float nearest to one."""
    given = (value.item() if isinstance(value, np.generic) else value for value in special_values)
    return tuple(special_value(column.spark_type, number_of(value)) for value in given)


def with_codes(
    column: FrameColumn,
    special_values: Mapping[str, Sequence[ExactNumber]],
    codes: tuple[ExactNumber, ...],
) -> FrameColumn:
    """A column with the codes of another one in place of its own, where floats spell them
    differently."""
    values = column.values
    if not pa.types.is_floating(values.type):
        return column
    for own, code in zip(codes_of(column, special_values.get(column.name, ())), codes, strict=True):
        if float(own) != float(code):
            values = pc.if_else(pc.equal(values, float(own)), float(code), values)
    return replace(column, values=values)


def fitted_binnings(
    columns: Sequence[FrameColumn],
    codes: Mapping[str, tuple[ExactNumber, ...]],
    *,
    bins: int,
    max_values: int,
) -> dict[str, Binning]:
    """The bins of each column, fitted on all of its rows; ``codes``: its special values."""
    return {
        column.name: _numeric_binning(column, codes.get(column.name, ()), bins)
        if column.kind == "numeric"
        else _categorical_binning(column, max_values)
        for column in columns
    }


def _numeric_binning(
    column: FrameColumn, codes: tuple[ExactNumber, ...], bins: int
) -> NumericBinning:
    if column.digits is not None:
        return _exact_binning(column, codes, bins)
    values = doubles(column.values).to_numpy()
    finite, special = values[np.isfinite(values)], [float(code) for code in codes]
    inside = finite[~np.isin(finite, special)]
    low, high = (inside.min(), inside.max()) if len(inside) else (np.nan, np.nan)
    return fit_numeric(finite, float(low), float(high), bins=bins, special_values=special)


def _exact_binning(
    column: FrameColumn, codes: tuple[ExactNumber, ...], bins: int
) -> NumericBinning:
    """Bins of numbers that doubles may not hold, as distances from an offset."""
    held = column.values.drop_null()
    array = pa.concat_arrays(held.chunks) if held.num_chunks else pa.array([], held.type)
    numbers = exact_numbers_of(array)
    units = (units_of(code, numbers.digits) for code in codes)
    inside = numbers.other_than(unit for unit in units if unit is not None)
    ordered = inside.take(inside.order())
    offset = fitted_offset(ordered)
    distances = doubles_of(ordered, offset)[0]
    low, high = (distances[0], distances[-1]) if len(distances) else (np.nan, np.nan)
    return fit_numeric(
        distances,
        float(low),
        float(high),
        bins=bins,
        offset=offset,
        digits=numbers.digits,
        codes=codes,
    )


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
        tuple(BatchColumn(column.name, 0, binnings[column.name]) for column in columns),
        blocks=(Block(0, tuple(numeric)),) if len(numeric) > 1 else (),
    )
    tally = Tally(plan)
    table = pa.table([c.values for c in columns], names=[str(i) for i in range(len(columns))])
    start = 0
    for record in table.to_batches(max_chunksize=ROWS_PER_BATCH):
        tally.add(_batch(record, plan, days[start : start + record.num_rows]))
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


def _batch(record: pa.RecordBatch, plan: TallyPlan, days: Counts) -> Batch:
    met, slots = np.unique(days, return_inverse=True)
    return Batch(
        rows=record.num_rows,
        keys=[(int(day), "") for day in met],
        slots=None if len(met) == 1 else slots.astype(np.int32),
        present=[None],
        copies=[None],
        segments=[],
        columns=[
            numbers_of(values, column.binning)
            if isinstance(column.binning, NumericBinning)
            else texts_of(values)
            for column, values in zip(plan.columns, record.columns, strict=True)
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
