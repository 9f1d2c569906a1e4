"""The report of a replay, and its plan from the record of a run."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timezone

import pytest

from modelwatch.io.session.environment import code_version, libraries
from modelwatch.model.planning.plan import Plan
from modelwatch.model.planning.windows import Window
from modelwatch.model.replay.recorded_run import Environment, likely_causes, recorded_plan
from modelwatch.pipelines.replay.report import Replayed, only_rounding
from modelwatch.spark.replay.row_comparison import Example, RowComparison
from monitored import monitor

DAY = date(2013, 2, 4)
SAME = Environment("1+aa", {"numpy": "2.0"})
REPLAYED = Replayed(
    monitor="shop",
    run_id="one",
    as_of=DAY,
    finished_at=datetime(2013, 2, 5, tzinfo=timezone.utc),
    sources=[("inputs", "some/inputs", 7)],
    tables={"drift_metrics": RowComparison(rows=3, same=3)},
)


def causes(before: Environment, now: Environment = SAME, **more: object) -> str:
    wording = {"only_rounding": False, "known_runs": (2, 2), **more}
    return " ".join(likely_causes(before, now, **wording))  # type: ignore[arg-type]


def test_the_record_of_a_run_decides_its_plan() -> None:
    row = {
        "as_of": date(2013, 2, 6),
        "days": [DAY],
        "label_days": None,
        "performance_windows": None,
        "reference_days": [],
        "windows": [
            {"window_name": "day", "window_start": DAY, "window_end": DAY},
            {"window_name": "week", "window_start": DAY, "window_end": date(2013, 2, 10)},
        ],
    }
    plan = recorded_plan(Plan("shop", date(2013, 2, 6)), monitor(), row)
    assert [planned.day for planned in plan.days] == [DAY]
    assert plan.windows == (
        Window("day", DAY, DAY, partial=False),
        Window("week", DAY, date(2013, 2, 10), partial=True),
    )
    assert not plan.labels


def test_a_replay_that_is_identical_says_so_with_its_rows_and_versions() -> None:
    assert REPLAYED.identical
    assert "Identical: 3 rows in 1 table." in REPLAYED.text
    assert "inputs: some/inputs at version 7" in REPLAYED.text


def test_differences_are_reported_by_column_with_examples_and_their_cause() -> None:
    example = Example({"feature": "amount"}, 1, 1, {"value": ("1.5", "2.5")})
    comparison = RowComparison(
        3, 2, changed={"value": 1}, farthest={"value": 0.4}, examples=(example,)
    )
    found = replace(REPLAYED, tables={"drift_metrics": comparison}, causes=("Because.",))
    assert not found.identical
    assert "value differs in 1 (by up to 4.0e-01 of it)" in found.text
    assert "value: 1.5 in the run, 2.5 in the replay" in found.text
    assert "Because." in found.text


@pytest.mark.parametrize(
    ("comparison", "rounding"),
    [
        (RowComparison(3, 2, changed={"value": 1}, farthest={"value": 1e-15}), True),
        (RowComparison(3, 2, changed={"value": 1}, farthest={"value": 0.1}), False),
        (RowComparison(3, 2, changed={"text": 1}), False),
        (RowComparison(3, 2, missing=1), False),
    ],
)
def test_only_last_digits_are_rounding(comparison: RowComparison, rounding: bool) -> None:
    assert only_rounding({"drift_metrics": comparison, "runs": RowComparison(1, 1)}) == rounding


def test_other_code_is_a_likely_cause() -> None:
    assert "computed by modelwatch 1+bb, this is 1+aa" in causes(replace(SAME, code="1+bb"))


def test_another_library_is_a_likely_cause() -> None:
    assert "numpy 1.0 before, 2.0 now" in causes(replace(SAME, libraries={"numpy": "1.0"}))


def test_a_run_published_meanwhile_is_a_likely_cause() -> None:
    assert "knew of 1 published runs, the replay knows of 2" in causes(SAME, known_runs=(1, 2))


def test_something_is_said_where_all_is_as_it_was() -> None:
    assert "changed by hand" in causes(SAME)


def test_the_code_has_one_version_as_long_as_it_is_the_same() -> None:
    assert code_version() == code_version()
    assert code_version().startswith("0.")
    assert {"python", "numpy", "pyspark"} <= set(libraries())
