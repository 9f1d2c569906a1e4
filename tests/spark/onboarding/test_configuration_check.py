"""From Delta tables to a configuration that fits them, and configurations that don't."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING

import pytest

from modelwatch import cli
from modelwatch.model.config.configuration import SourceError, lines_of, parse_config
from modelwatch.model.sources.tables import TableAddress
from modelwatch.pipelines.onboarding.configuration_check import check
from modelwatch.pipelines.onboarding.first_configuration import first_configuration
from modelwatch.pipelines.onboarding.local_rows import local_rows
from modelwatch.pipelines.onboarding.spark_rows import SparkRows
from modelwatch.pipelines.onboarding.table_facts import daily_metrics, facts_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DAYS = [date(2020, 1, 1) + timedelta(i) for i in range(40)]


def write(spark: SparkSession, path: Path, rows: list[tuple[object, ...]], schema: str) -> Path:
    frame = spark.createDataFrame(rows, schema)  # type: ignore[arg-type, var-annotated]
    writer = frame.coalesce(1).write.format("delta").option("delta.columnMapping.mode", "name")
    (writer.partitionBy("day") if "day date" in schema else writer).save(str(path))
    return path


@pytest.fixture(scope="module")
def tables(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of inputs and predictions, as a scoring service leaves them."""
    folder = tmp_path_factory.mktemp("tables")
    keys = [(f"o-{i}-{day}", day, i) for day in DAYS[::4] for i in range(12)]
    write(
        spark,
        folder / "inputs",
        [
            (key, day, float(i), -999 if i == 3 else 20 + i, "CH" if i % 2 else "DE", i % 4, [i])
            for key, day, i in keys
        ],
        "order_id string, day date, `amount.in €` double, age int, country string, "
        "shop_code int, items array<int>",
    )
    write(
        spark,
        folder / "predictions",
        [(key, day, i / 20.0, i > 6, "v1") for key, day, i in keys],
        "order_id string, day date, probability double, accepted boolean, model_version string",
    )
    return folder


@pytest.fixture
def shop(tables: Path, tmp_path: Path) -> Path:
    """A folder of its own with these tables."""
    return copytree(tables, tmp_path / "shop")


def test_a_first_configuration_fits_the_tables(spark: SparkSession, shop: Path) -> None:
    text = first_configuration(
        spark, TableAddress(path=str(shop / "inputs")), TableAddress(path=str(shop / "predictions"))
    ).text
    config = parse_config(text)
    assert config.inputs.id == ("order_id",)
    assert config.inputs.day.column == "day"
    assert config.predictions is not None
    assert config.predictions.score == ("probability",)
    assert config.predictions.decision == ("accepted",)
    assert config.features.columns["age"].special_values == (-999,)
    assert config.features.columns["shop_code"].type == "categorical"
    assert str(config.references[0].days) == "2020-01-01..2020-01-28"
    wording = check(spark, config, text)
    assert "amount.in €" in wording
    assert "not profiled: items (type array;" in wording


def test_init_and_check_are_two_commands(
    spark: SparkSession, shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = shop / "monitor.yaml"
    tables = [str(shop / "inputs"), str(shop / "predictions")]
    assert cli.main(["init", *tables, "-o", str(path)]) == 0
    assert f"modelwatch run {path}" in capsys.readouterr().out
    assert cli.main(["check", str(path)]) == 0
    assert "Monitor shop fits its tables" in capsys.readouterr().out


def test_a_single_table_with_a_timestamp_will_do(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "scored"
    spark.sql(
        "select id, timestamp'2020-01-01 12:00:00' + make_interval(0, 0, 0, id) as scored_at, "
        "id / 100 as score, id % 7 as n from range(20)"
    ).write.format("delta").save(str(path))
    text = first_configuration(spark, TableAddress(path=str(path))).text
    config = parse_config(text)
    assert config.inputs.day.time_column == "scored_at"
    assert config.predictions is not None
    assert config.predictions.score == ("score",)
    assert "Monitor" in check(spark, config, text)


@pytest.mark.parametrize(("days_late", "declared"), [(1, "load_date"), (2, None)])
def test_a_partition_of_loads_is_declared_only_if_no_row_came_later_than_a_day(
    spark: SparkSession, tmp_path: Path, days_late: int, declared: str | None
) -> None:
    path = tmp_path / "scored"
    spark.sql(
        "select id, event_time, "
        f"date_add(cast(event_time as date), if(id = 7, {days_late}, 0)) as load_date, "
        "id / 100 as score, id % 7 as n from (select id, "
        "timestamp'2020-01-01 12:00:00' + make_interval(0, 0, 0, id) as event_time from range(20))"
    ).write.format("delta").partitionBy("load_date").save(str(path))
    text = first_configuration(spark, TableAddress(path=str(path))).text
    config = parse_config(text)
    assert config.inputs.day.time_column == "event_time"
    assert config.inputs.day.partition_column == declared
    assert "The inputs have rows from 2020-01-01 to 2020-01-20" in text
    assert "Monitor" in check(spark, config, text)


def test_an_empty_table_gives_a_configuration_to_finish(
    spark: SparkSession, tmp_path: Path
) -> None:
    path = write(spark, tmp_path / "empty", [], "id long, day date, amount double")
    text = first_configuration(spark, TableAddress(path=str(path))).text
    with pytest.raises(SourceError, match="'first_weeks' has no rows"):
        check(spark, parse_config(text), text)


@pytest.mark.parametrize("address", ["no/such/table", "no_such_table", "no_such.schema.table"])
def test_a_table_that_is_not_there_is_named(
    spark: SparkSession, address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["init", address, "-o", str(tmp_path / "x.yaml")]) == 2
    assert capsys.readouterr().err.startswith(f"{address}: cannot be read as a Delta table")
    assert not (tmp_path / "x.yaml").exists()


def test_all_that_does_not_fit_is_reported_with_its_line(
    spark: SparkSession, shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(
        f"""\
monitor: m
output: {{path: {tmp_path}/out}}
inputs:
  table: {{path: {shop}/inputs}}
  day: {{column: dya}}
features: {{exclude: [nothing]}}
segments:
  - {{name: dear, predicate: amount >}}
  - {{name: old, predicate: age + 1}}
  - {{name: fine, predicate: age > 30}}
references: [{{name: r, days: 2020-01-01}}]
constraints:
  - {{name: c, kind: rows, lower: 1, where: no_such_column = 1}}
""",
        encoding="utf-8",
    )
    assert cli.main(["check", str(path)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.removeprefix(f"{path}:").split(": ")[0:2] for line in lines] == [
        ["5", "inputs.day.column"],
        ["6", "features.exclude[0]"],
        ["13", "constraints[0].where"],
        ["8", "segments[0].predicate"],
        ["9", "segments[1].predicate"],
    ]


def test_a_table_shows_the_same_with_spark_and_without(spark: SparkSession, shop: Path) -> None:
    inputs = str(shop / "inputs")
    assert local_rows(TableAddress(path=inputs)) is None, "its names are mapped"
    unmapped = spark.read.format("delta").load(inputs).drop("items", "amount.in €")
    unmapped.write.format("delta").partitionBy("day").save(str(shop / "unmapped"))
    address = TableAddress(path=str(shop / "unmapped"))
    local, sparks = local_rows(address), SparkRows(spark, address)
    assert local is not None
    facts = facts_of(local)
    assert facts == facts_of(sparks)
    metrics = daily_metrics(local, facts, facts.columns, "UTC")
    expected = daily_metrics(sparks, facts, facts.columns, "UTC")
    assert [one.name for one in metrics] == [one.name for one in expected]
    for one, other in zip(metrics, expected, strict=True):
        assert one.by_day == pytest.approx(other.by_day)


def test_only_some_rows_of_a_table_are_looked_at(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("modelwatch.pipelines.onboarding.table_facts._SAMPLED_ROWS", 10)
    path = write(spark, tmp_path / "t", [(i, DAYS[0]) for i in range(50)], "id long, day date")
    facts = facts_of(SparkRows(spark, TableAddress(path=str(path))))
    assert facts.rows == 10
    assert facts.partitions == ("day",)
    assert "id" in facts.unique


def test_lines_of_a_draft_are_known(spark: SparkSession, shop: Path) -> None:
    text = first_configuration(spark, TableAddress(path=str(shop / "inputs"))).text
    assert lines_of(text)["inputs.table"] == text[: text.index("  table:")].count("\n") + 1


def test_results_cannot_be_queried_before_the_first_run(
    spark: SparkSession, shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = shop / "monitor.yaml"
    text = first_configuration(spark, TableAddress(path=str(shop / "inputs"))).text
    path.write_text(text, encoding="utf-8")
    assert cli.main(["sql", str(path), "select 1"]) == 2
    assert f"there are no results yet: modelwatch run {path}" in capsys.readouterr().err


def test_a_configuration_that_can_never_alarm_is_refused_with_its_key(
    spark: SparkSession, shop: Path
) -> None:
    text = (
        "monitor: shop\noutput: {path: out}\n"
        f"inputs: {{table: {{path: {shop / 'inputs'}}}, id: order_id, day: {{column: day}}}}\n"
        "references: [{name: start, days: 2020-01-01..2020-01-18}]\nwindows: [day, week]\n"
    )
    with pytest.raises(SourceError) as refused:
        check(spark, parse_config(text), text)
    (problem,) = refused.value.problems
    assert (problem.place, problem.line) == ("windows", 5)
    assert "day has about 12 rows" in problem.message
    judged = text.replace("[day, week]", "[day, {name: last_60, trailing_days: 60}]")
    wording = check(spark, parse_config(judged), judged)
    assert "judged: last_60" in wording
    assert "not judged (fewer than 100 rows): day (about 12)" in wording
