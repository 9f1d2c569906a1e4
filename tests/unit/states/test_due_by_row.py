"""Labels with a due day of their own: states tell which are due, today and on any later day."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwatch.evaluation.performance.score_groups import score_groups
from modelwatch.evaluation.states import score_aggregation
from modelwatch.evaluation.states.label_layout import NEVER, LabelledLayout
from modelwatch.evaluation.states.partial_scores import SCORE_KEY
from modelwatch.model.planning.label_plan import LabelDay
from modelwatch.stats.day_numbers import day_number
from modelwatch.stats.states.score_tally import ScorePlan
from samples import numeric_binning

DAY = date(2016, 1, 1)
PLAN = ScorePlan("binary", numeric_binning([k / 20 for k in range(20)]))
LAYOUT = LabelledLayout((13,), (), (), (), (), (), due_by_row=True)
rows = st.lists(
    st.tuples(
        st.integers(0, 2),  # day
        st.sampled_from([-1, 0, 1, 2, 5, 9, None]),  # days until due, None for never
        st.sampled_from([None, 0.0, 1.0]),
        st.floats(0, 1),
    ),
    min_size=1,
    max_size=12,
)


def labelled(held) -> pa.RecordBatch:
    n = len(held)
    days = [DAY + timedelta(days=at) for at, *_ in held]
    due = [
        NEVER if after is None else day + timedelta(days=after)
        for day, (_, after, *_) in zip(days, held, strict=True)
    ]
    zeros = pa.array([0] * n, pa.int32())
    columns = [
        pa.array(days, pa.date32()),
        pa.array(due, pa.date32()),
        pa.array(["v1"] * n),
        pa.array([True] * n),
        pa.array([float(score > 0.5) for *_, score in held], pa.float64()),
        pa.array([label for *_, label, _ in held], pa.float64()),
        zeros,
        zeros,
        zeros,
        zeros,
        pa.array([0] * n, pa.int64()),
        pa.array([None] * n, pa.date32()),
        pa.array([None] * n, pa.date32()),
        pa.array([score for *_, score in held], pa.float64()),
    ]
    return pa.RecordBatch.from_arrays(columns, names=[f"c{i}" for i in range(len(columns))])


def stored(held, as_of: date) -> list[pa.RecordBatch]:
    """Rows of performance_states that a run for a day writes."""
    partial = score_aggregation.partial_score_tally(LAYOUT, (PLAN,), True, as_of, 1)(
        [labelled(held)]
    )
    table = pa.Table.from_batches(partial).sort_by([(name, "ascending") for name in SCORE_KEY])
    return list(score_aggregation.score_sums(PLAN.binning, as_of)(table.to_batches()))


def cohorts(records: list[pa.RecordBatch], as_of: date) -> dict[tuple[int, bool], list[int]]:
    """Counts of the task by day and whether they are due, as the evaluation reads them."""
    found = {}
    for group in score_groups(records, PLAN.binning, day_number(as_of)):
        states = group.states("binary")
        assert states is not None
        for at in range(len(states)):
            found[int(states.days[at]), bool(states.due[at])] = states.counts[at].tolist()
    return found


@settings(max_examples=25)
@given(held=rows, first=st.integers(0, 12), later=st.integers(0, 12))
def test_states_of_an_earlier_run_show_on_a_later_day_what_is_due_then(held, first, later) -> None:
    early, late = (DAY + timedelta(days=n) for n in sorted((first, later)))
    assert cohorts(stored(held, early), late) == cohorts(stored(held, late), late)


@given(held=rows, after=st.integers(0, 12))
def test_rows_are_due_whose_due_day_is_over(held, after) -> None:
    as_of = DAY + timedelta(days=after)
    found = cohorts(stored(held, as_of), as_of)
    totals = {key: sum(counts) for key, counts in found.items()}
    expected: dict[tuple[int, bool], int] = {}
    for at, until, *_ in held:
        key = (day_number(DAY) + at, until is not None and at + until <= after)
        expected[key] = expected.get(key, 0) + 1
    assert totals == expected


def test_due_days_that_are_over_take_no_place_of_their_own() -> None:
    held = [(0, after, 1.0, 0.3) for after in range(40)]
    assert sum(len(r) for r in stored(held, DAY)) > sum(
        len(r) for r in stored(held, DAY + timedelta(days=50))
    )
    (row,) = (
        row
        for record in stored(held, DAY + timedelta(days=50))
        for row in record.to_pylist()
        if row["kind"] == "binary"
    )
    assert len(row["positions"]) == 3  # a cell of the score, two sums of losses
    assert sum(row["counts"]) == 40
    assert np.unique(row["due_days"]).tolist() == [DAY + timedelta(days=50)]


def test_a_run_for_an_earlier_day_computes_merged_due_days_again() -> None:
    held = LabelDay(last_due=DAY, as_of=DAY + timedelta(days=9))
    assert held.stands(DAY + timedelta(days=9), due_by_row=True)
    assert not held.stands(DAY + timedelta(days=8), due_by_row=True)
    assert held.stands(DAY + timedelta(days=8), due_by_row=False)
