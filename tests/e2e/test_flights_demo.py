"""The demo: the tables as the monitor finds them, and what it finds in them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from deltalake import DeltaTable
from pyspark.sql import Row
from scripts.flights import tables
from scripts.flights.findings import TRY, findings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

from modelwatch.io.store.result_queries import ResultQueries
from modelwatch.model.config.configuration import parse_config

ROOT = Path(__file__).parents[2]
DAYS = 365


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("flights")
    assert tables.main(["--path", str(path)]) == 0
    return path


def read(path: Path, *columns: str) -> pd.DataFrame:
    return DeltaTable(path).to_pandas(columns=list(columns))


@pytest.mark.parametrize("name", ["inputs", "predictions", "labels"])
def test_a_table_is_partitioned_by_day_with_a_file_a_day(written: Path, name: str) -> None:
    table = DeltaTable(written / name)
    assert table.metadata().partition_columns == ["day"]
    assert len(table.file_uris()) == DAYS


def test_every_flight_is_scored_once(written: Path) -> None:
    inputs = read(written / "inputs", "flight_id")["flight_id"]
    predictions = read(written / "predictions", "flight_id")["flight_id"]
    assert predictions.is_unique
    assert set(inputs) == set(predictions)


def test_a_flight_that_was_cancelled_or_diverted_gets_no_label(written: Path) -> None:
    assert len(read(written / "labels", "flight_id")) == 327_346


def test_every_label_becomes_known_after_its_flight(written: Path) -> None:
    labels = read(written / "labels", "day", "known_on")
    wait = pd.to_datetime(labels["known_on"]) - pd.to_datetime(labels["day"])
    assert wait.dt.days.between(15, 55).all()


def test_every_column_shows_what_it_means(written: Path) -> None:
    for name in ("inputs", "predictions", "challenger", "labels", "carriers", "airports"):
        for column in DeltaTable(written / name).schema().fields:
            assert column.metadata.get("comment"), f"{name}.{column.name}"


def test_the_configuration_names_columns_that_are_there() -> None:
    config = parse_config((ROOT / "conf/flights.yaml").read_text(), "conf/flights.yaml")
    columns = {
        "inputs": {name for name, _, _ in tables.INPUTS},
        "predictions": {name for name, _, _ in tables.PREDICTIONS},
    }
    for constraint in config.constraints:
        assert set(constraint.named_columns) <= columns[constraint.table], constraint.name


@pytest.fixture(scope="module")
def results(written: Path, spark: SparkSession) -> ResultQueries:
    """The results of the demo's first run; segments are left to other tests."""
    from modelwatch.pipelines.runs.monitor import run_monitor

    text = (ROOT / "conf/flights.yaml").read_text().replace("../var/flights", str(written))
    start, end = text.index("segments:\n"), text.index("windows:\n")
    text = text[:start] + text[end:]
    config = parse_config(text)
    report = run_monitor(spark, config, config_text=text, as_of=date(2013, 2, 11))
    assert report.exit_code == 1
    return ResultQueries(config.output, lambda: spark)


@pytest.fixture(scope="module")
def watched(results: ResultQueries) -> list[str]:
    """Lines that the demo prints after its first run."""
    return findings(lambda sql: rows_of(results, sql))


def rows_of(results: ResultQueries, sql: str) -> list[Row]:
    return [Row(**row) for row in results.answer(sql).records()]


def section(lines: list[str], title: str) -> str:
    """The lines below a title, as one text."""
    below = lines[lines.index(title) + 1 :]
    return "\n".join(below[: below.index("")] if "" in below else below)


@pytest.mark.slow
def test_the_first_run_finds_the_storm_on_its_two_days(watched: list[str]) -> None:
    wording = section(watched, "The storm of 8 and 9 February")
    assert "fewest first: 9 Feb 75%, 8 Feb 83%" in wording
    assert "tail_number" in wording


@pytest.mark.slow
def test_a_summer_that_is_not_there_yet_is_not_found(watched: list[str]) -> None:
    assert "July" not in section(watched, "The summer")


@pytest.mark.slow
def test_weather_that_is_there_is_not_called_missing(watched: list[str]) -> None:
    assert "no day is below the bound" in section(watched, "Missing weather")


@pytest.mark.slow
def test_the_runs_are_reported_with_their_exit_codes(watched: list[str]) -> None:
    wording = section(watched, "The runs")
    assert "as of 2013-02-11: 41 days" in wording
    assert "exit code 1, something needs attention" in wording


@pytest.mark.slow
def test_the_storm_is_the_incident_that_needs_attention(watched: list[str]) -> None:
    wording = section(watched, "What needs attention now")
    assert "since Feb 8" in wording.splitlines()[0]


@pytest.mark.slow
@pytest.mark.parametrize("query", TRY, ids=lambda query: query.split(" FROM ")[1].split()[0])
def test_a_query_that_the_demo_offers_has_an_answer(results: ResultQueries, query: str) -> None:
    """After the first run already; what a label must tell is null as yet."""
    assert results.answer(query).rows


@pytest.mark.slow
def test_the_query_that_an_incident_offers_shows_its_days(
    results: ResultQueries,
) -> None:
    (incident,) = rows_of(results, "SELECT onset, query FROM open_incidents")
    shown = {row.window_start: row.value for row in rows_of(results, incident.query)}
    assert incident.onset == date(2013, 2, 8)
    assert shown[date(2013, 2, 8)] > 0.1
    assert shown[date(2013, 2, 7)] < 0.02 < 0.1 < shown[date(2013, 2, 9)]
