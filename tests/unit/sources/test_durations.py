"""The table that says how long training and scoring take."""

from __future__ import annotations

from modelwatch.model.config.columns import check_columns, tables_of
from monitored import monitor

INPUTS = {"day": "date", "x": "double"}
CONFIG = monitor(durations={"table": {"path": "jobs"}, "started": "began"})


def problems(**columns: str) -> list[str]:
    return [str(p) for p in check_columns(CONFIG, {"inputs": INPUTS, "durations": columns})]


def test_it_is_one_of_the_tables_that_a_run_opens() -> None:
    assert str(tables_of(CONFIG)["durations"]) == "jobs"
    assert "durations" not in tables_of(monitor())


def test_columns_that_fit_are_no_problem() -> None:
    assert not problems(kind="string", began="timestamp", seconds="int")


def test_every_column_that_does_not_fit_is_reported_with_its_place() -> None:
    assert problems(kind="string", began="string", second="double") == [
        "durations.started: column 'began' of jobs is string, and must be a timestamp or a date",
        "durations.seconds: jobs has no column 'seconds'; did you mean 'second'?",
    ]


def test_a_table_that_is_missing_is_reported() -> None:
    found = [str(p) for p in check_columns(CONFIG, {"inputs": INPUTS})]
    assert found == ["durations.table: there is no Delta table jobs"]
