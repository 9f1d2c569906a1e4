"""A monitor in Python, as a notebook uses it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from deltalake import DeltaTable

import modelwatch
from modelwatch.io.store.view_frames import view_frame
from modelwatch.io.store.views import views
from modelwatch.tables import TABLES
from shop import ROWS, Shop, day

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PAGE = Path(__file__).parents[3] / "docs" / "python.md"


@pytest.fixture(scope="module")
def ran(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Shop, modelwatch.Monitor, modelwatch.RunResult]:
    """A shop of two weeks, its monitor, and the result of a run."""
    shop = Shop(spark, tmp_path_factory.mktemp("interface"))
    shop.open(*[day(n) for n in range(1, 9)])
    monitor = modelwatch.Monitor.from_yaml(shop.file(), spark)
    return shop, monitor, monitor.run(as_of=day(9))


def test_a_run_returns_its_results_as_frames(ran: Any) -> None:
    shop, _, result = ran
    (run,) = (one for one in shop.runs() if one["run_id"] == result.run_id)
    assert result.exit_code == run["exit_code"]
    day_rows = "metric = 'rows' AND window_name = 'day' AND segmentation = 'all'"
    profile = result.profile.where(f"feature = 'amount' AND {day_rows}")
    assert {row["value"] for row in profile.collect()} == {float(ROWS)}
    assert result.drift.where("statistic = 'psi'").count() > 0
    assert {row["run_id"] for row in result.drift.select("run_id").distinct().collect()} == {
        run["run_id"]
    }
    assert result.performance.columns
    assert result.incidents.columns[:2] == ["monitor", "rank"]


def test_drift_of_frames_is_that_of_the_job(ran: Any) -> None:
    shop, _, result = ran
    rows = DeltaTable(str(shop.folder / "inputs")).to_pandas()
    found = modelwatch.drift(
        rows[rows["day"] == day(1)][["amount", "height"]],
        rows[rows["day"] == day(5)][["amount", "height"]],
        bins=10,
    )
    of_job = result.drift.where(
        f"reference = 'start' AND window_name = 'day' AND window_start = DATE '{day(5)}' "
        "AND segmentation = 'all' AND role = 'inputs' AND feature_b IS NULL"
    ).collect()
    for statistic in ("psi", "ks", "wasserstein", "mean_change_in_sd"):
        for feature in ("amount", "height"):
            (expected,) = [
                row["value"]
                for row in of_job
                if (row["feature"], row["statistic"]) == (feature, statistic)
            ]
            assert found.of(feature)[statistic] == pytest.approx(expected, rel=1e-12)


def test_every_table_and_view_is_one_query_without_a_view_in_the_session(
    ran: Any, spark: SparkSession
) -> None:
    _, monitor, _ = ran
    before = spark.sql("SHOW TABLES").collect()
    for name in (*TABLES, *views()):
        assert view_frame(spark, monitor.config.output, name).columns, name
    assert spark.sql("SHOW TABLES").collect() == before


def test_nothing_is_stopped_that_the_monitor_did_not_start(
    ran: Any, spark: SparkSession, tmp_path: Path
) -> None:
    shop, _, _ = ran
    with modelwatch.Monitor.from_yaml(shop.file()) as monitor:
        assert monitor.session.sparkContext is spark.sparkContext
    assert spark.range(3).count() == 3


def test_there_is_no_view_before_the_first_run(spark: SparkSession, tmp_path: Path) -> None:
    text = f"monitor: m\noutput: {{path: {tmp_path}/o}}\n" + (
        "inputs: {table: {path: i}, day: {column: d}}\n"
    )
    with pytest.raises(modelwatch.SourceError, match=r"no results yet: call run\(\)"):
        modelwatch.Monitor.from_config(text, spark).view("drift_current")


def test_a_guessed_monitor_fits_its_tables(ran: Any, spark: SparkSession, tmp_path: Path) -> None:
    shop, _, _ = ran
    monitor = modelwatch.Monitor.guess(
        shop.folder / "inputs", shop.folder / "predictions", id="id", spark=spark
    )
    assert monitor.config.inputs.id == ("id",)
    assert monitor.save(tmp_path / "shop.yaml").read_text() == monitor.text
    assert "fits its tables" in str(monitor.check())


def test_a_report_is_written_as_pages(ran: Any, tmp_path: Path) -> None:
    _, monitor, _ = ran
    pages = monitor.report(tmp_path / "report")
    assert pages.path.parent == tmp_path / "report"
    assert monitor.name in pages.path.read_text(encoding="utf-8")
    assert "<iframe" in pages._repr_html_()


def test_what_a_notebook_shows_has_the_summary(ran: Any) -> None:
    _, _, result = ran
    assert result.text.splitlines()[0].split(";")[0] in result._repr_html_()


def test_the_example_of_the_page_runs(
    ran: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shop, _, _ = ran
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf").mkdir()
    # Twelve rows a day are too few for verdicts, which a check refuses.
    output = {"path": str(tmp_path / "output")}
    small = {**shop.config, "output": output, "verdicts": {"min_rows": 10}}
    (tmp_path / "conf" / "shop.yaml").write_text(json.dumps(small))
    (program,) = re.findall(r"```python\n(.+?)```", PAGE.read_text(encoding="utf-8"), re.S)
    exec(compile(program, str(PAGE), "exec"), {})
    assert "fits its tables" in capsys.readouterr().out
