"""Which rows of the output tables count."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest

from modelwatch.io.store.views import views
from modelwatch.pipelines.runs.history import HISTORY_COLUMNS, RunHistory
from modelwatch.tables import TABLES
from modelwatch.tables.generation import DAYS, GENERATIONS, LABEL_DAYS, VERDICT_WINDOWS

COUNTING = {table.name: table.current for table in TABLES.values() if table.current is not None}
DAY, NEXT_DAY = date(2013, 2, 8), date(2013, 2, 9)


def run(run_id: str, **computed: Any) -> dict[str, Any]:
    """A published run that computed something, under one fingerprint."""
    fingerprints = {"states_fingerprint": "s", "labels_fingerprint": "l"}
    row = dict.fromkeys(HISTORY_COLUMNS) | fingerprints | computed
    return {**row, "run_id": run_id, "finished_at": run_id}


def test_the_newest_run_of_a_day_counts() -> None:
    runs = [run("r1", days=[DAY, NEXT_DAY]), run("r2", days=[NEXT_DAY]), run("r3")]
    assert DAYS.newest(runs) == {(DAY,): "r1", (NEXT_DAY,): "r2"}


def test_what_is_computed_is_reported_by_all_columns_of_its_key() -> None:
    judged = {"window_name": "day", "window_start": DAY, "window_end": DAY}
    runs = [
        run("r1", verdict_windows=[{**judged, "source": "drift"}, {**judged, "source": "volume"}]),
        run("r2", verdict_windows=[{**judged, "source": "drift"}]),
    ]
    newest = {("drift", "day", DAY): "r2", ("volume", "day", DAY): "r1"}
    assert VERDICT_WINDOWS.newest(runs) == newest
    assert RunHistory(runs).run_of_verdicts() == newest


def test_states_that_were_removed_do_not_count_until_they_are_computed_again() -> None:
    before = [run("r1", days=[DAY, NEXT_DAY], label_days=[{"day": DAY}])]
    assert RunHistory(before, {DAY: "r2"}).run_of_day("s") == {NEXT_DAY: "r1"}
    assert RunHistory(before, {DAY: "r2"}).run_of_label_day("l") == {}
    again = [*before, run("r3", days=[DAY])]
    assert RunHistory(again, {DAY: "r2"}).run_of_day("s") == {DAY: "r3", NEXT_DAY: "r1"}


def test_runs_under_another_fingerprint_do_not_count() -> None:
    assert RunHistory([run("r1", days=[DAY])]).run_of_day("other") == {}


@pytest.mark.parametrize("generation", GENERATIONS, ids=lambda one: one.view)
def test_a_run_records_what_a_generation_is_reported_by(generation: Any) -> None:
    recorded = TABLES["runs"].column(generation.column).type
    if generation is DAYS:
        assert recorded == "array<date>"
    else:
        assert {*generation.key, *generation.more} <= set(re.findall(r"(\w+):", recorded))


@pytest.mark.parametrize("name", COUNTING)
def test_rows_that_count_have_the_columns_that_decide_it(name: str) -> None:
    names = set(TABLES[name].names)
    for generation, only in COUNTING[name].by:
        assert set(generation.key) <= names
        assert only is None or only.split()[0] in names
        assert generation.view in views() or generation.view in TABLES
    assert views()[COUNTING[name].view] == TABLES[name].current_sql


def test_a_table_whose_rows_two_generations_decide_on_has_each_row_once() -> None:
    conditions = {
        name: [only for _, only in current.by if only]
        for name, current in COUNTING.items()
        if len(current.by) > 1
    }
    assert conditions == {
        "feature_states": ["role NOT LIKE 'reference:%'"],
        "row_accounts": ["role <> 'labels'", "role = 'labels'"],
        "quarantine": ["role <> 'labels'", "role = 'labels'"],
    }


def test_no_view_is_both_generated_and_a_file() -> None:
    generated = {current.view for current in COUNTING.values()} | {g.view for g in GENERATIONS}
    texts = [text for name, text in views().items() if name in generated]
    assert len(texts) == len(generated)
    assert LABEL_DAYS.sql() in texts
