"""Columns as a run fits, tallies and profiles them, without Spark."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from modelwatch.evaluation.states.batches import numbers_of
from modelwatch.evaluation.states.reference_bins import binning_of, fits_of, summaries_of
from modelwatch.evaluation.states.reference_sample import Field
from modelwatch.stats.profile.metrics import profile
from modelwatch.stats.states.batch import Batch, BatchColumn, TallyPlan
from modelwatch.stats.states.binning import NumericBinning
from modelwatch.stats.states.numeric import NumericStates
from modelwatch.stats.states.state import State
from modelwatch.stats.states.tally import Tally
from modelwatch.stats.value_names import ALL


def fitted(column: pa.Array, digits: int | None, special: Sequence[float] = ()) -> NumericBinning:
    """Bins of a column as two tasks and one after them fit them."""
    field = Field((0,), True, 200, 100, tuple(special), digits)
    hashes = pa.array(np.arange(len(column), dtype=np.int64))
    whole = pa.RecordBatch.from_arrays([column, hashes], names=["c0", "__hash"])
    middle = len(column) // 3
    parts = [
        record
        for part in (whole.slice(0, middle), whole.slice(middle))
        for record in summaries_of([field])([part])
    ]
    (row,) = (row for record in fits_of([field])(parts) for row in record.to_pylist())
    binning = binning_of(row, special)
    assert isinstance(binning, NumericBinning)
    return binning


def state_of(column: pa.Array, binning: NumericBinning) -> State:
    plan = TallyPlan((BatchColumn("x", 0, binning),))
    tally = Tally(plan)
    values = numbers_of(column, binning)
    tally.add(Batch(len(column), [(0, "v")], None, [None], [None], [], [values]))
    return dict(tally.states())[0, "v", 0, ALL, ALL, "x"]


def stack_of(state: State, binning: NumericBinning) -> NumericStates:
    """A state as a stack of one."""
    assert state.sums is not None
    extremes = np.array([state.minimum]), np.array([state.maximum])
    return NumericStates(binning, state.counts[None], state.sums[None], *extremes)


def profile_of(state: State, binning: NumericBinning) -> dict[str, tuple[float, object, object]]:
    """Value, text and reason by metric."""
    assert state.sketch is not None
    found = profile(stack_of(state, binning), distinct=[state.sketch])
    return {key: (float(f.value[0]), f.text[0], f.reason[0]) for key, f in found.items()}
