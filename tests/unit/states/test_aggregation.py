"""States of features are those of their rows, however rows are dealt among tasks."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from modelwatch.evaluation import sorted_rows
from modelwatch.evaluation.states import aggregation
from modelwatch.evaluation.states.aggregation import (
    FEATURE_KEY,
    StateNames,
    partial_state_tally,
    state_sums,
)
from modelwatch.evaluation.states.batches import BatchLayout
from modelwatch.stats.states.batch import BatchColumn, Block, SegmentationCodes, TallyPlan
from samples import categorical_binning, numeric_binning

N = 600
RANDOM = np.random.default_rng(7)
AMOUNT = numeric_binning([k / 8 for k in range(300)])
WORD = categorical_binning(["a", "a", "b", "c"], max_values=2)
PLAN = TallyPlan(
    (
        BatchColumn("amount", 0, AMOUNT),
        BatchColumn("other", 0, AMOUNT),
        BatchColumn("word", 1, WORD),
    ),
    (SegmentationCodes("region", ("north", "south")),),
    (Block(0, (0, 1)),),
)
LAYOUT = BatchLayout(0, 1, (None, None), (None, None), ((2,),), (3, 4, 5))
NAMES = StateNames(PLAN, ("inputs", "predictions"))
ROWS = pa.table(
    {
        "day": pa.array(RANDOM.integers(20_000, 20_003, N), pa.int32()).cast(pa.date32()),
        "version": RANDOM.choice(["v1", "v2"], N),
        "region": RANDOM.choice(["north", "south", "west"], N),
        "amount": pa.array(np.where(RANDOM.random(N) < 0.1, np.nan, RANDOM.normal(9, 4, N))),
        "other": pa.array(RANDOM.normal(0, 1, N), mask=RANDOM.random(N) < 0.1),
        "word": RANDOM.choice(["a", "b", "c", "new", "newer"], N),
    }
)


def states_of_tasks(parts: list[pa.Table], names: StateNames = NAMES, cut: int = N) -> pa.Table:
    fold = partial_state_tally(LAYOUT, names)
    partial = [state for part in parts for state in fold(part.to_batches(max_chunksize=cut))]
    ordered = pa.Table.from_batches(partial).sort_by([(name, "ascending") for name in FEATURE_KEY])
    return pa.Table.from_batches(state_sums(ordered.to_batches(max_chunksize=cut)))


WHOLE = states_of_tasks([ROWS])


@pytest.mark.parametrize("bound", [1, 10**4])
def test_states_do_not_depend_on_tasks_batches_and_bounds(
    bound: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sorted_rows, "BATCH_BYTES", bound)
    monkeypatch.setattr(aggregation, "MOST_LONGS_HELD", 0)
    monkeypatch.setattr(aggregation, "_LONGS_A_BATCH", 100)
    dealt = RANDOM.integers(0, 3, N)
    tasks = [ROWS.filter(pa.array(dealt == task)) for task in range(3)]
    assert states_of_tasks(tasks, cut=50).equals(WHOLE)


def test_kinds_bins_and_numbers_of_rows_stand_with_the_states() -> None:
    days = ROWS["day"].value_counts().to_pylist()
    rows = {one["values"]: one["counts"] for one in days}
    found: dict[str, int] = {}
    for state in WHOLE.to_pylist():
        if state["segmentation"] != "all":
            continue
        if state["day"] == min(rows):
            found[state["kind"]] = found.get(state["kind"], 0) + state["row_count"]
        if state["feature"] == "word":
            assert (state["role"], state["binning"]) == ("predictions", WORD.fingerprint)
    first = rows[min(rows)]
    assert found["rows"] == found["categorical"] == first
    assert found["numeric"] == 2 * first


def test_rows_of_no_day_have_states_without_one() -> None:
    one_day = ROWS.set_column(0, "day", pa.array([20_000] * N, pa.int32()).cast(pa.date32()))
    undated = StateNames(PLAN, ("inputs", "predictions"), by_day=False)
    found = states_of_tasks([one_day[:300], one_day[300:]], undated)
    assert found["day"].null_count == found.num_rows
    dated = states_of_tasks([one_day])
    assert found.drop(["day"]).equals(dated.drop(["day"]))
