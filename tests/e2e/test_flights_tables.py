"""The demo's tables, as the monitor finds them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from deltalake import DeltaTable

from modelwatch.model.config import parse_config
from scripts.flights import tables

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
    assert wait.dt.days.between(15, 45).all()


def test_every_column_tells_what_it_means(written: Path) -> None:
    for name in ("inputs", "predictions", "labels", "carriers", "airports"):
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
