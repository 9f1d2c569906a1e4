"""Rows that Python workers read from files give the states of rows that Spark hands over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from drawn_tables import DAY_COLUMNS, DAYS, WANTED, Layout, written
from modelwatch.io.failures import typed_message
from modelwatch.model.config.configuration import MonitorConfig, parse_config
from modelwatch.model.profile.features import features_of
from modelwatch.model.states.binned import binned
from modelwatch.pipelines.config.validation import schemas_of
from modelwatch.pipelines.sources.frames import Sources, opened_sources
from modelwatch.pipelines.states.binnings import binnings_of
from modelwatch.pipelines.states.day_states import StatesOf, scored_days
from modelwatch.pipelines.states.worker_reads import FileRows, TableRead, read_by_workers
from modelwatch.spark.states.aggregation import merged_states
from modelwatch.stats.states.binning import Binning


@dataclass(frozen=True)
class Bins:
    """Bins of all columns; hypothesis reports examples without them."""

    by_key: Mapping[tuple[str, str], Binning] = field(repr=False)


def few(examples: int) -> settings:
    """So many drawn tables; each takes seconds, so that no smaller one that fails is looked for."""
    phases = (Phase.explicit, Phase.generate)
    checks = [HealthCheck.function_scoped_fixture]
    return settings(max_examples=examples, phases=phases, suppress_health_check=checks)


SAMPLE = Layout(seed=1, writer="delta-rs", files=(300, 300), partitions=())


def config_of(
    folder: Path, reported: Mapping[str, str], zone: str = "UTC", **sections: Any
) -> MonitorConfig:
    """A monitor of all columns of a drawn table, with segments and versions."""
    config = {
        "monitor": "drawn",
        "time_zone": zone,
        "output": {"path": str(folder.parent / "output")},
        "inputs": {"table": {"path": str(folder)}, "day": dict(reported)},
        "predictions": {"score": "late", "model_version": {"column": "model"}},
        "features": {
            # One set of bins is of all layouts: what tells the day is no feature anyway.
            "exclude": ["model", "day", "text_day"],
            "columns": {"b16": {"type": "categorical"}, "l": {"special_values": [7]}},
        },
        "segments": [
            {"name": "region", "columns": "region"},
            {"name": "crossed", "columns": ["flag", "shop", "word"], "max_values": 20},
        ],
        "references": [{"name": "start", "days": f"{DAYS[0]}..{DAYS[-1]}"}],
    }
    return parse_config(json.dumps({**config, **sections}))


@pytest.fixture(scope="module")
def bins(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Bins:
    """Bins of all columns, fitted on a table whose days are not a feature."""
    folder = tmp_path_factory.mktemp("sample") / "table"
    written(folder, SAMPLE)
    config = config_of(folder, DAY_COLUMNS["a date"])
    sources = opened_sources(spark, config, {})
    features, _ = features_of(config, schemas_of(sources.frames))
    return Bins(binnings_of(config, binned(config, features), features, [], sources).by_key)


def read_states(sources: Sources, config: MonitorConfig, bins: Bins) -> tuple[list[str], str]:
    """All states of the wanted days, as texts that tell every digit, and who read the rows."""
    features, _ = features_of(config, schemas_of(sources.frames))
    states = StatesOf(config, features, bins.by_key)
    scored, (read,) = scored_days(states, sources.under(config), WANTED)
    return sorted(map(repr, merged_states(scored).collect())), f"{read.reader}: {read.reason}"


LAYOUTS = st.builds(
    Layout,
    seed=st.integers(0, 2**31),
    writer=st.sampled_from(["hand", "delta-rs"]),
    files=st.lists(st.sampled_from([0, 1, 40, 200]), min_size=1, max_size=4).map(tuple),
    partitions=st.sampled_from(
        [(), ("day",), ("text_day",), ("day", "region"), ("shop", "day"), ("region", "flag")]
    ),
    unit=st.sampled_from(["us", "ms"]),
    statistics=st.booleans(),
    row_group=st.sampled_from([17, 1000]),
    dictionary=st.booleans(),
)


def assert_same_states(
    spark: SparkSession, folder: Path, layout: Layout, reported: str, zone: str, bins: Bins
) -> None:
    """Of one drawn table, read both ways."""
    by, day_columns = layout.partitions, DAY_COLUMNS[reported]
    table = folder / "table"
    written(table, layout, spark)
    config = config_of(table, day_columns, zone)
    if reported == "a time near a date" and "day" not in by:
        config = config_of(table, DAY_COLUMNS["a time"], zone)
    sources = opened_sources(spark, config, {})
    of_files, reader = read_states(sources, config, bins)
    other = config.model_copy(update={"read": "spark"})
    of_spark, other_reader = read_states(sources, other, bins)
    assert other_reader == "spark: the configuration says so (read: spark)"
    if reported != "a text" or "text_day" in by:
        assert reader == "files: None"
    assert of_files == of_spark


@few(6)
@given(
    layout=LAYOUTS,
    reported=st.sampled_from(sorted(DAY_COLUMNS)),
    zone=st.sampled_from(["UTC", "America/New_York"]),
)
def test_states_are_the_same_whoever_reads_the_rows(
    spark: SparkSession, tmp_path: Path, bins: Bins, layout: Layout, reported: str, zone: str
) -> None:
    assert_same_states(spark, tmp_path, layout, reported, zone, bins)


@pytest.mark.slow
@few(80)
@given(
    layout=LAYOUTS,
    reported=st.sampled_from(sorted(DAY_COLUMNS)),
    zone=st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Apia"]),
)
def test_states_are_the_same_of_many_more_tables(
    spark: SparkSession, tmp_path: Path, bins: Bins, layout: Layout, reported: str, zone: str
) -> None:
    assert_same_states(spark, tmp_path, layout, reported, zone, bins)


@pytest.mark.parametrize("unit", ["INT96", "us"])
def test_states_are_the_same_of_files_that_spark_wrote(
    spark: SparkSession, tmp_path: Path, bins: Bins, unit: str
) -> None:
    layout = Layout(5, "spark", (200, 90), ("region",), unit)
    assert_same_states(spark, tmp_path, layout, "a time", "America/New_York", bins)


def test_a_file_that_is_gone_when_a_task_reads_it_is_named(
    spark: SparkSession, tmp_path: Path, bins: Bins
) -> None:
    written(tmp_path / "table", SAMPLE)
    config = config_of(tmp_path / "table", DAY_COLUMNS["a date"])
    sources = opened_sources(spark, config, {})
    features, _ = features_of(config, schemas_of(sources.frames))
    scored, _ = scored_days(StatesOf(config, features, bins.by_key), sources, WANTED)
    gone = next((tmp_path / "table").glob("*.parquet"))
    gone.unlink()
    with pytest.raises(PySparkException) as raised:
        merged_states(scored).collect()
    wording = typed_message(raised.value)
    assert wording.startswith(f"the file {gone} can't be read: ")
    assert "Fix: run again if the table was rewritten and vacuumed meanwhile" in wording


@pytest.mark.parametrize(
    ("sections", "reason"),
    [
        ({"read": "spark"}, "the configuration says so"),
        ({"segments": [{"name": "dear", "predicate": "x > 1"}]}, "a predicate"),
        ({"rules": [{"name": "r", "must": "x > 1", "treatment": "exclude"}]}, "rules exclude"),
    ],
)
def test_the_run_says_why_spark_reads_a_table(
    spark: SparkSession, tmp_path: Path, sections: dict[str, Any], reason: str
) -> None:
    written(tmp_path / "table", replace(SAMPLE, files=(5,)))
    config = config_of(tmp_path / "table", DAY_COLUMNS["a date"], **sections)
    sources = opened_sources(spark, config, {})
    found = read_by_workers(sources, FileRows("inputs", config, (), config.segments, WANTED))
    assert isinstance(found, TableRead)
    assert (found.role, found.reader) == ("inputs", "spark")
    assert reason in str(found.reason)
