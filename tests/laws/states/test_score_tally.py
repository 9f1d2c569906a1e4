"""A pass over predictions and labels keeps the states of its rows, however they are cut."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laws.states.test_tally import cut
from modelwatch.stats.states.batch import BatchColumn, SegmentationCodes
from modelwatch.stats.states.moments import power_sums
from modelwatch.stats.states.score_tally import ScorePlan, ScoreTally
from naive_scores import ScoredRow, merged_states, naive_score_states, score_batch_of, score_states
from samples import categorical_binning, numeric_binning

SCORES = numeric_binning([0.0625, 0.25, 0.25, 0.5, 0.75, 0.9])
CHALLENGER = numeric_binning([k / 300 for k in range(290)])
PLAN = ScorePlan(
    "binary",
    SCORES,
    segmentations=(
        SegmentationCodes("region", ("north", "south")),
        SegmentationCodes("size", ("big",)),
    ),
    slices=(
        BatchColumn(
            "few", 0, numeric_binning([0.0, 1.0, 1.0, 2.0, 7.0, -999.0], special=(-999.0,))
        ),
        BatchColumn("word", 0, categorical_binning(["a", "a", "b", "c"])),
        BatchColumn("many", 0, numeric_binning([k / 64 for k in range(300)])),
    ),
    values=("profit",),
    challenger="rival",
    challenger_binning=CHALLENGER,
)
AWKWARD = [
    0.0,
    -0.0,
    1.0,
    1.0 + 2**-52,
    1 - 2**-53,
    5e-324,
    -0.1,
    1.01,
    30.0,
    np.nan,
    np.inf,
    -np.inf,
]
scores = st.none() | st.sampled_from(AWKWARD) | st.floats(0, 1)
numbers = st.none() | st.sampled_from([0.0, -999.0, np.nan, np.inf, 1e308]) | st.floats(-3, 9)
scored_rows = st.builds(
    ScoredRow,
    score=scores,
    decision=st.integers(-1, 1),
    label=st.integers(0, 2),
    day=st.integers(0, 1),
    due_day=st.integers(0, 2),
    version=st.sampled_from(["v1", "v2"]),
    age=st.sampled_from([-2, 0, 1, 399, 400, 5000]),
    segments=st.tuples(
        st.sampled_from(["north", "south", "west", None]), st.sampled_from(["big", None])
    ),
    slices=st.tuples(numbers, st.none() | st.sampled_from(["a", "b", "c", "d"]), numbers),
    values=st.tuples(st.sampled_from([np.nan, np.inf, -3.25, 0.1, 1e12, 1e300])),
    challenger=st.tuples(st.integers(-1, 1), st.sampled_from([np.nan, 0.0, 0.3, 1.0, 2.0])),
)
tables = st.lists(scored_rows, max_size=20)
fewer = settings(max_examples=30)


def tallied(batches: Sequence[Sequence[ScoredRow]]):
    tally = ScoreTally(PLAN)
    for batch in batches:
        if batch:
            tally.add(score_batch_of(PLAN, batch))
    return list(score_states(tally))


def assert_kept(found, rows: Sequence[ScoredRow]) -> None:
    expected = naive_score_states(rows, PLAN)
    assert set(found) == set(expected)
    for key, (counts, sums) in expected.items():
        assert found[key].counts.dtype == np.int64
        np.testing.assert_array_equal(found[key].counts, counts, str(key))
        if key[5] == "value":
            np.testing.assert_array_equal(found[key].sums, value_sums(rows, key))
        elif sums:
            np.testing.assert_array_equal(found[key].sums, sums, str(key))
        else:
            assert found[key].sums is None


def value_sums(rows: Sequence[ScoredRow], key) -> np.ndarray:
    """Power sums of the finite values of the rows of a key, in one go."""
    names = {split.name: at for at, split in enumerate(PLAN.segmentations)}
    names_of = {s.name: s.values for s in PLAN.segmentations}

    def inside(row: ScoredRow) -> bool:
        if key[3] == "all":
            return True
        value = row.segments[names[key[3]]]
        values = names_of[key[3]]
        return key[4] == ("(null)" if value is None else value if value in values else "(other)")

    held = [
        row.values[0]
        for row in rows
        if (row.day, row.due_day, row.version) == key[:3]
        and inside(row)
        and np.isfinite(row.values[0])
    ]
    if not held:
        return np.zeros(12, dtype=np.int64)
    return power_sums(np.array(held), np.array([0]), 0.0, 1.0)[0]


@fewer
@given(table=tables)
def test_one_batch_keeps_the_states_of_its_rows(table) -> None:
    assert_kept(dict(tallied([table])), table)


@fewer
@given(table=tables, random=st.randoms(use_true_random=False), parts=st.integers(1, 5))
def test_neither_order_nor_cut_of_the_batches_matters(table, random, parts) -> None:
    assert_kept(dict(tallied(cut(random, table, parts))), table)


@fewer
@given(table=tables, random=st.randoms(use_true_random=False), tasks=st.integers(1, 5))
def test_states_of_several_tasks_merge_in_any_order_to_those_of_all_rows(
    table, random, tasks
) -> None:
    parts = [
        state
        for task in cut(random, table, tasks)
        for state in tallied(cut(random, task, random.randint(1, 3)))
    ]
    assert_kept(merged_states(random.sample(parts, len(parts))), table)


@pytest.mark.parametrize(("field", "value"), [("decision", 2), ("label", 3), ("label", -1)])
def test_a_label_or_a_decision_that_the_task_has_not_is_refused(field: str, value: int) -> None:
    row = ScoredRow(segments=(None, None), slices=(None, None, None), values=(0.0,))
    batch = score_batch_of(PLAN, [row, row])
    getattr(batch, field)[1] = value
    with pytest.raises(ValueError, match=f"a {field} is not in"):
        ScoreTally(PLAN).add(batch)
