"""States of the columns of a frame: bins fitted on a reference, and sums over the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from modelwatch.api.arrow_frames import FrameColumn, doubles
from modelwatch.evaluation.states.aggregation import PARTIAL_FEATURES, StateNames, block_fingerprint
from modelwatch.evaluation.states.batches import exact_numbers_of, numbers_of, texts_of
from modelwatch.evaluation.states.groups import (
    GROUP_KEY,
    StateGroup,
    merged_sketch,
    state_groups,
)
from modelwatch.model.config.literals import number_of, special_value
from modelwatch.stats.arrays import Counts, Hashes, day_spans
from modelwatch.stats.states.batch import Batch, BatchColumn, Block, TallyPlan
from modelwatch.stats.states.binning import (
    Binning,
    CategoricalBinning,
    NumericBinning,
    fit_categorical,
    fit_numeric,
)
from modelwatch.stats.states.distinct import hash_of_text
from modelwatch.stats.states.exact_numbers import ExactNumber, doubles_of, fitted_offset, units_of
from modelwatch.stats.states.kernel import Kernel
from modelwatch.stats.states.kernel_library import installed_library, kernel_of
from modelwatch.stats.states.leave_out import FeatureStates
from modelwatch.stats.states.pairs import PairStates
from modelwatch.stats.states.tally import Tally
from modelwatch.stats.value_names import ALL

ROWS_PER_BATCH = 32_768
MOST_KNOWN_VALUES = 100_000
"""Distinct values of a categorical column up to which every new value counts as unseen."""
MOST_PAIRED = 64
"""Numeric columns whose correlations are computed: the first ones of the frame."""

_ROLE = "inputs"
_NOTHING = np.empty(0, dtype=np.int64)
_NO_STATES = StateGroup(
    _ROLE, "", "", ALL, ALL, _NOTHING, _NOTHING, _NOTHING, PARTIAL_FEATURES.empty_table()
)
"""States of a column of a frame without rows."""


@dataclass(frozen=True)
class ColumnStates:
    """States of the columns of a frame, one per day, in ascending order.

    ``days`` (D,): days since 1970-01-01. ``features``: a stack of D states per column.
    ``sketches``: sketches of distinct values over all days. ``pairs``: states of all numeric
    columns together; None for fewer than two.
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
    """Special values in the type of a column: a float column contains the nearest float."""
    given = (value.item() if isinstance(value, np.generic) else value for value in special_values)
    return tuple(special_value(column.spark_type, number_of(value)) for value in given)


def with_codes(
    column: FrameColumn,
    special_values: Mapping[str, Sequence[ExactNumber]],
    codes: tuple[ExactNumber, ...],
) -> FrameColumn:
    """A column with the codes of another column, if floats write them differently."""
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
    """The bins of each column, fitted on all of its rows. ``codes``: its special values."""
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
    """Bins of numbers that may not fit doubles, as distances from an offset."""
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
    """The states of columns in given bins. ``days``: the day number of each row."""
    numeric = [at for at, column in enumerate(columns) if column.kind == "numeric"][:MOST_PAIRED]
    plan = TallyPlan(
        tuple(BatchColumn(column.name, 0, binnings[column.name]) for column in columns),
        blocks=(Block(0, tuple(numeric)),) if len(numeric) > 1 else (),
    )
    kernel = kernel_of(installed_library())
    tally = Tally(plan, kernel)
    table = pa.table([c.values for c in columns], names=[str(i) for i in range(len(columns))])
    start = 0
    for record in table.to_batches(max_chunksize=ROWS_PER_BATCH):
        tally.add(_batch(record, plan, days[start : start + record.num_rows], kernel))
        start += record.num_rows
    names = StateNames(plan, (_ROLE,))
    states = pa.Table.from_batches(names.batches(tally.states()), PARTIAL_FEATURES)
    ordered = states.append_column("source", states["role"]).sort_by(
        [(name, "ascending") for name in (*GROUP_KEY, "day")]
    )
    groups = {(one.kind, one.feature): one for one in state_groups(ordered.to_batches())}
    held = {one.name: groups.get((one.kind, one.name), _NO_STATES) for one in columns}
    numbers = np.unique(days) if len(days) else np.zeros(1, dtype=np.int64)
    pairs = None
    for block in plan.blocks:
        group = groups.get(("pairs", "*"), _NO_STATES)
        members = [plan.columns[at].name for at in block.columns]
        of_days = group.pairs(members, block_fingerprint(plan, block))
        pairs = of_days.roll_up(day_spans(group.days, numbers, numbers))
    return ColumnStates(
        numbers,
        {
            name: group.stack(binnings[name]).roll_up(day_spans(group.days, numbers, numbers))
            for name, group in held.items()
        },
        {name: merged_sketch(group.sketches()) for name, group in held.items()},
        pairs,
    )


def _batch(record: pa.RecordBatch, plan: TallyPlan, days: Counts, kernel: Kernel | None) -> Batch:
    met, slots = np.unique(days, return_inverse=True)
    return Batch(
        rows=record.num_rows,
        keys=[(int(day), "") for day in met],
        slots=None if len(met) == 1 else slots.astype(np.int32),
        present=[None],
        copies=[None],
        segments=[],
        columns=[
            numbers_of(values, column.binning, kernel)
            if isinstance(column.binning, NumericBinning)
            else texts_of(values)
            for column, values in zip(plan.columns, record.columns, strict=True)
        ],
    )
