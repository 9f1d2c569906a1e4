"""A monitor's life, run by run: what each finds to do, computes, and leaves."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from modelwatch import cli
from modelwatch.io.store.output_tables import Store
from modelwatch.model.days import DayRange
from modelwatch.pipelines.runs.monitor import RunReport
from shop import Shop, day, inputs_of, predictions_of

pytestmark = pytest.mark.slow
"""Nine runs of the job, one after another: minutes."""


class Killed(BaseException):
    """The process ends here."""


AMOUNTS = {"name": "amounts", "kind": "completeness", "column": "amount", "lower": 0.5}


@dataclass
class Life:
    """A shop with its runs in order: reports, rows of the table runs, and what else was seen."""

    shop: Shop
    reports: dict[str, RunReport] = field(default_factory=dict)
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)

    def run(self, name: str, **options: Any) -> None:
        self.reports[name] = self.shop.run(**options)
        self.rows[name] = self.shop.runs()[-1]

    def days(self, name: str) -> list[int]:
        return [(found - day(1)).days + 1 for found in self.rows[name]["days"]]


@pytest.fixture(scope="module")
def life(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Life:
    """Nine runs, each after something has happened.

    Nothing happens to the first day: bins are fitted on it once, and a fresh run would fit others.
    """
    shop = Shop(spark, tmp_path_factory.mktemp("shop"))
    shop.config["constraints"] += [AMOUNTS]
    life = Life(shop)
    shop.open(*map(day, range(1, 7)))
    shop.add("inputs", inputs_of(day(7), nulls=10))
    shop.add("predictions", predictions_of(day(7)))

    life.reports["dry"] = shop.run(as_of=day(6), dry_run=True)
    life.seen["output after a dry run"] = shop.output.exists()
    life.run("first", as_of=day(6))
    life.seen["versions"] = shop.versions()
    life.run("nothing", as_of=day(6))
    life.seen["versions after nothing"] = shop.versions()
    life.run("next", as_of=day(8))

    shop.add("inputs", inputs_of(day(2), 3, first=20))
    shop.delete("predictions", f"id = '{day(3)}-5'")
    life.run("late", as_of=day(8))

    shop.add("inputs", inputs_of(day(4), 2, first=30))
    shop.add("predictions", predictions_of(day(4), 3, first=30))
    life.seen["before the kill"] = shop.results()
    publish = Store.publish
    try:
        Store.publish = killed  # type: ignore[method-assign]
        with pytest.raises(Killed):
            shop.run(as_of=day(8))
    finally:
        Store.publish = publish  # type: ignore[method-assign]
    life.seen["after the kill"] = shop.results()
    life.seen["runs after the kill"] = len(shop.runs())
    life.run("healed", as_of=day(8))

    life.run("asked", as_of=day(8), days=DayRange(day(1), day(2)))
    shop.config["thresholds"] = {**shop.config["thresholds"], "psi": 0.01}
    life.run("another threshold", as_of=day(8))
    shop.config["features"] = {"exclude": []}
    life.run("another feature", as_of=day(8))
    life.seen["results"] = shop.results()

    fresh = Shop(spark, shop.folder, copy.deepcopy(shop.config))
    fresh.config["output"] = {"path": str(shop.folder / "fresh")}
    fresh.run(as_of=day(8))
    life.seen["fresh"] = fresh.results()
    return life


def killed(self: Store, row: object) -> int:
    raise Killed


def test_a_dry_run_shows_the_plan_and_writes_nothing(life: Life) -> None:
    text = life.reports["dry"].text
    assert f"5 days: {day(1)}..{day(5)} (new)" in text
    assert f"left out   2 days: {day(6)}..{day(7)}" in text
    assert "fit the bins on start" in text
    assert life.seen["output after a dry run"] is False


def test_the_first_run_computes_all_days_that_are_over(life: Life) -> None:
    assert life.days("first") == [1, 2, 3, 4, 5]
    assert life.reports["first"].exit_code == life.rows["first"]["exit_code"] == 0


def test_a_run_without_news_writes_its_row_alone(life: Life) -> None:
    before, after = life.seen["versions"], life.seen["versions after nothing"]
    assert life.rows["nothing"]["outcome"] == "nothing_to_do"
    assert life.reports["nothing"].exit_code == 0
    assert "Nothing to do" in life.reports["nothing"].text
    assert {name for name in after if after[name] != before[name]} == {"runs"}


def test_the_next_run_computes_the_new_days(life: Life) -> None:
    assert life.days("next") == [6, 7]


def test_a_column_that_loses_its_values_must_be_looked_at(life: Life) -> None:
    report = life.reports["next"]
    assert report.exit_code == life.rows["next"]["exit_code"] == 1
    found = {(f.kind, f.subject, f.window_start) for f in report.findings}
    assert found == {("completeness", "amounts", day(7))}
    assert "amounts" in report.text


def test_late_rows_and_deleted_ones_change_their_days(life: Life) -> None:
    assert life.days("late") == [2, 3]
    assert life.rows["late"]["unmatched_inputs"] == 3 + 1


def test_windows_of_changed_days_and_of_their_followers_are_computed_again(life: Life) -> None:
    computed = {
        (w["window_name"], (w["window_start"] - day(1)).days + 1)
        for w in life.rows["healed"]["windows"]
    }
    # The previous window of day 5 is day 4, that of 5..6 is 3..4.
    assert computed == {
        ("day", 4),
        ("day", 5),
        ("last 2", 3),
        ("last 2", 4),
        ("last 2", 5),
        ("last 2", 6),
        ("week", 1),
    }


def test_a_killed_run_leaves_nothing_that_a_view_shows(life: Life) -> None:
    assert life.seen["after the kill"] == life.seen["before the kill"]
    assert life.seen["runs after the kill"] == 4


def test_the_run_after_a_killed_one_heals_it(life: Life) -> None:
    assert life.days("healed") == [4]


def test_days_that_are_asked_for_are_computed_although_they_did_not_change(life: Life) -> None:
    assert life.days("asked") == [1, 2]


def test_another_threshold_reads_no_row(life: Life) -> None:
    assert life.days("another threshold") == []
    assert len(life.rows["another threshold"]["windows"]) == 7 + 7 + 1


def test_another_feature_makes_every_day_due(life: Life) -> None:
    assert life.days("another feature") == [1, 2, 3, 4, 5, 6, 7]


def test_after_all_that_the_views_show_what_one_fresh_run_computes(life: Life) -> None:
    for view, fresh in life.seen["fresh"].items():
        assert life.seen["results"][view] == fresh, view


def test_a_run_shows_what_it_read_and_wrote(life: Life) -> None:
    row = life.rows["first"]
    assert (row["input_rows"], row["prediction_rows"]) == (60, 60)
    sources = {source["role"]: source for source in row["sources"]}
    assert (sources["inputs"]["version"], sources["predictions"]["version"]) == (6, 6)
    assert sources["inputs"]["row_count"] == 60
    assert {output["table_name"] for output in row["outputs"]} == {
        "binnings",
        "feature_states",
        "profile_metrics",
        "drift_metrics",
        "constraint_results",
        "verdicts",
        "outliers",
        "source_health",
    }
    assert {stage["stage"] for stage in row["stages"]} >= {"plan", "bins", "states", "drift"}
    assert row["config_yaml"].startswith("{")


def test_bins_are_fitted_once(life: Life) -> None:
    by_feature: dict[str, set[str]] = {}
    for row in life.shop.table("binnings"):
        by_feature.setdefault(row["feature"], set()).add(row["run_id"])
    first = life.rows["first"]["run_id"]
    assert {name for name, runs in by_feature.items() if runs == {first}} == {
        "amount",
        "height",
        "region",
        "score",
    } | ({"region"})
    assert by_feature["extra"] == {life.rows["another feature"]["run_id"]}


@pytest.fixture
def shop(spark: SparkSession, tmp_path: Path) -> Shop:
    return Shop(spark, tmp_path)


def test_the_command_line_runs_a_monitor(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 0 where all is well, 1 where something needs attention, 2 where it cannot run."""
    shop.config |= {"constraints": [AMOUNTS], "segments": [], "windows": ["day"]}
    shop.open(day(1), day(2))
    path = str(shop.file())
    assert cli.main(["run", path, "--as-of", str(day(9)), "--dry-run"]) == 0
    assert f"2 days: {day(1)}..{day(2)} (new)" in capsys.readouterr().out
    assert cli.main(["run", "--config", path, "--as-of", f"{day(2)},{day(9)}"]) == 0
    wording = capsys.readouterr().out
    assert wording.count("shop: 1 day computed") == 2
    assert [row["as_of"] for row in shop.runs()] == [day(2), day(9)]
    shop.add("inputs", inputs_of(day(3), nulls=11))
    assert cli.main(["run", path, "--as-of", str(day(9)), "--days", f"{day(3)}..{day(3)}"]) == 1
    assert "amounts" in capsys.readouterr().out
    shop.config["inputs"]["day"] = {"column": "dey"}
    assert cli.main(["run", str(shop.file()), "--as-of", str(day(9))]) == 2
    assert "inputs.day.column: " in (wording := capsys.readouterr().err)
    assert "has no column 'dey'" in wording
    assert path in wording


def test_the_day_of_the_run_decides_what_is_over(shop: Shop) -> None:
    """A week that was partial is final once it is over, although no row has come since."""
    shop.config |= {"constraints": [], "segments": [], "windows": ["week"]}
    shop.open(day(1), day(2))
    shop.run(as_of=day(3))
    shop.run(as_of=day(8))
    assert [row["days"] for row in shop.runs()] == [[day(1), day(2)], []]
    shown = shop.ask("SELECT DISTINCT window_start, partial FROM profile_current")
    assert [tuple(row) for row in shown] == [(day(1), False)]
