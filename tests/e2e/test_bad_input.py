"""What is wrong with configuration or tables is told before any write, with its place."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import redirect_stderr
from datetime import date, datetime, timedelta, timezone
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from pyspark.sql import SparkSession

from modelwatch import cli
from shop import Shop, day, inputs_of

Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def tables(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Tables that no test of this module changes."""
    shop = Shop(spark, tmp_path_factory.mktemp("tables"))
    shop.open(day(1), day(2))
    return shop


def refused(tables: Shop, tmp_path: Path, change: Change) -> str:
    """What the command says of a configuration that it refuses; nothing is written."""
    config = json.loads(tables.text())
    config["output"] = {"path": str(tmp_path / "monitor")}
    change(config)
    shop = Shop(tables.spark, tmp_path, config)
    path = shop.file()
    with redirect_stderr(StringIO()) as told:
        code = cli.main(["run", str(path), "--as-of", str(day(9))])
    assert code == 2
    assert not shop.output.exists()
    text = told.getvalue()
    assert str(path) in text
    return text


@pytest.mark.parametrize(
    ("change", "place", "what"),
    [
        (lambda c: c.update(gatez={}), "gatez", "did you mean"),
        (lambda c: c["inputs"].update(tabel={"path": "x"}), "inputs.tabel", "did you mean"),
        (lambda c: c["binning"].update(bins="many"), "binning.bins", "whole number"),
        (lambda c: c.update(windows=["dya"]), "windows[0]", "'dya'"),
        (lambda c: c.update(time_zone="Mars/Olympus"), "time_zone", "'Mars/Olympus'"),
    ],
    ids=["key", "nested key", "type", "window", "time zone"],
)
def test_a_configuration_that_is_wrong_is_told_with_its_line(
    tables: Shop, tmp_path: Path, change: Change, place: str, what: str
) -> None:
    text = refused(tables, tmp_path, change)
    line = next(line for line in text.splitlines() if f" {place}: " in line)
    assert what in line
    assert line.split(": ")[0].rpartition(":")[2].isdigit(), line


@pytest.mark.parametrize(
    ("change", "place", "what"),
    [
        (lambda c: c["inputs"]["table"].update(path="/no/table"), "inputs.table", "/no/table"),
        (lambda c: c["inputs"].update(id="idd"), "inputs.id", "has no column 'idd'"),
        (
            lambda c: c["predictions"].update(score="amount"),
            "predictions.score",
            "has no column 'amount'",
        ),
        (
            lambda c: c["features"].update(include=["amuont"]),
            "features.include",
            "no column that fits 'amuont'",
        ),
        (
            lambda c: c["inputs"].update(day={"column": "amount"}),
            "inputs.day.column",
            "is double, and must be a date",
        ),
        (lambda c: c["predictions"].update(score="model"), "predictions.score", "must be a number"),
        (
            lambda c: c.update(segments=[{"name": "s", "predicate": "amuont > 1"}]),
            "segments[0].predicate",
            "amuont",
        ),
        (
            lambda c: c.update(
                constraints=[{"name": "x", "kind": "completeness", "lower": 1, "column": "amuont"}]
            ),
            "constraints[0].column",
            "has no column 'amuont'",
        ),
        (
            lambda c: c["references"].append({"name": "t", "table": {"path": "/no/training"}}),
            "references[2].table",
            "/no/training",
        ),
    ],
    ids=[
        "table",
        "id",
        "score",
        "feature",
        "type of the day",
        "type of the score",
        "predicate",
        "column of a constraint",
        "table of a reference",
    ],
)
def test_what_does_not_fit_the_tables_is_told_before_any_write(
    tables: Shop, tmp_path: Path, change: Change, place: str, what: str
) -> None:
    text = refused(tables, tmp_path, change)
    line = next(line for line in text.splitlines() if place in line)
    assert what in line


def test_everything_that_is_wrong_is_told_at_once(tables: Shop, tmp_path: Path) -> None:
    def change(config: dict[str, Any]) -> None:
        config["predictions"]["table"] = {"path": "/no/table"}
        config["inputs"]["id"] = "idd"
        config["segments"] = [{"name": "s", "columns": "regoin"}]

    text = refused(tables, tmp_path, change)
    for place in ("predictions.table", "inputs.id", "segments[0].columns"):
        assert place in text


def test_a_reference_without_rows_is_told_before_any_write(tables: Shop, tmp_path: Path) -> None:
    def change(config: dict[str, Any]) -> None:
        config["references"][0]["days"] = "2001-01-01..2001-01-31"

    text = refused(tables, tmp_path, change)
    assert "references[0]" in text
    assert "'start' has no rows" in text


@pytest.fixture
def shop(spark: SparkSession, tmp_path: Path) -> Shop:
    """A shop with a short configuration."""
    shop = Shop(spark, tmp_path)
    shop.config |= {"segments": [], "windows": ["day"], "constraints": []}
    return shop


ODD = 'a `ti.cked` "näme"; it\'s [x] 日本'


@pytest.fixture(scope="module")
def strange(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A run over columns and rows of all strange sorts."""
    shop = Shop(spark, tmp_path_factory.mktemp("it's a ware.house {1}"))
    config = shop.config
    config |= {
        "segments": [{"name": "odd", "columns": ODD}],
        "windows": ["day"],
        "constraints": [
            {"name": "odd", "kind": "completeness", "column": ODD, "lower": 1},
            {"name": "once", "kind": "uniqueness", "columns": "id", "lower": 1, "severity": "warn"},
        ],
    }
    for n in (1, 2, 3):
        rows = inputs_of(day(n), 10)
        rows = rows.append_column(ODD, pa.array([f"{i % 2}" for i in range(10)]))
        rows = rows.append_column("nothing", pa.array([None] * 10, pa.float64()))
        rows = rows.append_column("no text", pa.array([None] * 10, pa.string()))
        rows = rows.append_column("always", pa.array([7.0] * 10))
        rows = rows.append_column("large", pa.array([2**53 + 1 + 2 * i for i in range(10)]))
        rows = rows.append_column("items", pa.array([[1, 2]] * 10))
        shop.add("inputs", rows)
        shop.add("inputs", rows.slice(0, 2))  # two ids that repeat
        shop.add(
            "predictions",
            pa.table(
                {
                    "id": [f"{day(n)}-{i}" for i in range(10)],
                    "day": pa.array([day(n)] * 10, pa.date32()),
                    "score": pa.array([i / 10 for i in range(10)]),
                    "model": pa.array(["v1"] * 10),
                }
            ),
        )
    shop.delete("predictions", f"day = '{day(2)}'")
    shop.delete("inputs", f"day = '{day(2)}'")
    config["references"] = [{"name": "start", "days": f"{day(1)}..{day(2)}"}]
    shop.run()
    return shop


def metrics(shop: Shop, feature: str, **where: Any) -> dict[str, Any]:
    """Profile metrics of all traffic on the third day."""
    return {
        row["metric"]: row["value"] if row["reason"] is None else row["reason"]
        for row in shop.table("profile_metrics")
        if row["feature"] == feature
        and row["segmentation"] == where.get("segmentation", "all")
        and row["segment"] == where.get("segment", "all")
        and row["window_start"] == day(3)
    }


def drift(shop: Shop, feature: str) -> dict[str, Any]:
    """Drift statistics of all traffic on the third day."""
    return {
        row["statistic"]: row["value"] if row["reason"] is None else row["reason"]
        for row in shop.table("drift_metrics")
        if (row["feature"], row["segmentation"], row["window_start"]) == (feature, "all", day(3))
    }


def test_an_id_that_repeats_is_counted_once_and_told(strange: Shop) -> None:
    row = strange.runs()[-1]
    assert (row["duplicate_ids"], row["input_rows"], row["prediction_rows"]) == (4, 24, 20)
    assert (row["unmatched_inputs"], row["unmatched_predictions"]) == (0, 0)
    assert metrics(strange, "amount")["rows"] == 10
    found = [r for r in strange.table("constraint_results") if r["constraint"] == "once"]
    assert {r["verdict"] for r in found} == {"warn"}


def test_names_may_hold_any_character(strange: Shop) -> None:
    assert metrics(strange, ODD)["rows"] == 10
    assert metrics(strange, "amount", segmentation="odd", segment="1")["rows"] == 5
    found = [r for r in strange.table("constraint_results") if r["constraint"] == "odd"]
    assert {r["verdict"] for r in found} == {"pass"}


def test_a_column_without_any_value_has_a_profile_and_reasons(strange: Shop) -> None:
    for name in ("nothing", "no text"):
        found = metrics(strange, name)
        assert (found["null_share"], found["distinct"]) == (1, 0)
    assert isinstance(metrics(strange, "nothing")["mean"], str)
    assert drift(strange, "nothing")["null_share_change"] == 0


def test_a_column_of_one_value_has_no_drift(strange: Shop) -> None:
    found = metrics(strange, "always")
    assert (found["distinct"], found["mean"], found["sd"]) == (1, 7, 0)
    assert drift(strange, "always")["psi"] == 0


def test_integers_above_2_53_are_counted(strange: Shop) -> None:
    found = metrics(strange, "large")
    assert found["rows"] == 10
    assert found["min"] == float(2**53 + 1)


def test_an_array_is_named_as_not_profiled(strange: Shop) -> None:
    assert metrics(strange, "items") == {}
    (named,) = strange.runs()[-1]["not_profiled"]
    assert (named["role"], named["column"], named["type"]) == ("inputs", "items", "array<bigint>")


@pytest.mark.slow
def test_an_empty_day_is_computed_as_such(shop: Shop) -> None:
    shop.open(day(1), day(2))
    assert shop.run().exit_code == 0
    shop.delete("inputs", f"day = '{day(2)}'")
    shop.delete("predictions", f"day = '{day(2)}'")
    shop.run()
    rows = shop.ask(
        "SELECT window_start, value FROM profile_current "
        "WHERE metric = 'rows' AND feature = 'amount' AND model_version IN ('v1', '*')"
    )
    assert sorted(tuple(row) for row in rows) == [(day(1), 12.0), (day(2), 0.0)]


def test_a_corrupt_file_fails_with_its_name_and_loses_nothing(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.open(day(1), day(2))
    assert shop.run().exit_code == 0
    before = shop.results()
    shop.open(day(3))
    (broken,) = (shop.folder / "inputs" / f"day={day(3)}").glob("*.parquet")
    whole = broken.read_bytes()
    broken.write_bytes(b"PAR1" + b"\0" * (len(whole) - 8) + b"PAR1")
    assert cli.main(["run", str(shop.file()), "--as-of", str(day(9))]) == 2
    assert broken.name in capsys.readouterr().err
    assert shop.results() == before
    assert [row["outcome"] for row in shop.runs()] == ["published", "failed"]
    assert broken.name in shop.runs()[-1]["message"]
    broken.write_bytes(whole)
    shop.run()
    assert shop.runs()[-1]["days"] == [day(3)]


@pytest.mark.slow
def test_a_missing_file_fails_with_its_name_and_loses_nothing(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.open(day(1), day(2))
    assert shop.run().exit_code == 0
    before = shop.results()
    shop.open(day(3))
    (gone,) = (shop.folder / "inputs" / f"day={day(3)}").glob("*.parquet")
    gone.unlink()
    assert cli.main(["run", str(shop.file()), "--as-of", str(day(9))]) == 2
    assert gone.name in capsys.readouterr().err
    assert shop.results() == before


@pytest.mark.slow
def test_a_feature_whose_type_changed_is_computed_anew(shop: Shop) -> None:
    """The table was replaced: a number is text now."""
    shop.open(day(1), day(2))
    shop.run()
    rows = pa.concat_tables([inputs_of(day(n)) for n in (1, 2, 3)])
    height = pa.array([f"h{v:g}" for v in rows["height"].to_pylist()])
    rows = rows.set_column(rows.schema.get_field_index("height"), "height", height)
    write_deltalake(
        str(shop.folder / "inputs"),
        rows,
        mode="overwrite",
        schema_mode="overwrite",
        partition_by=["day"],
    )
    shop.run()
    query = "SELECT DISTINCT kind FROM feature_states_current WHERE feature = 'height'"
    kinds = {row["kind"] for row in shop.ask(query)}
    assert kinds == {"categorical"}


def test_an_id_that_can_no_longer_be_joined_is_told_before_any_write(shop: Shop) -> None:
    shop.open(day(1), day(2))
    shop.run()
    versions = shop.versions()
    rows = inputs_of(day(1))
    rows = rows.set_column(0, "id", pa.array(range(len(rows))))
    write_deltalake(
        str(shop.folder / "inputs"),
        rows,
        mode="overwrite",
        schema_mode="overwrite",
        partition_by=["day"],
    )
    with pytest.raises(Exception, match=r"predictions.id.*cannot be joined with 'id'"):
        shop.run()
    assert shop.versions() == versions


@pytest.mark.slow
def test_a_column_that_is_added_is_a_feature_of_the_days_that_have_it(shop: Shop) -> None:
    """The correlations of the days before are of fewer columns, and do not stand in its way."""
    shop.open(day(1), day(2))
    shop.run()
    rows = inputs_of(day(3))
    rows = rows.append_column("width", pa.array([float(i) for i in range(len(rows))]))
    shop.add("inputs", rows, schema_mode="merge")
    report = shop.run()
    assert report.exit_code in (0, 1)
    shown = shop.ask(
        "SELECT window_start, value FROM profile_current "
        "WHERE metric = 'rows' AND feature = 'width' AND model_version <> '*'"
    )
    assert (day(3), 12.0) in {tuple(row) for row in shown}


def test_a_day_of_a_clock_change_has_the_hours_that_clocks_say(
    spark: SparkSession, tmp_path: Path
) -> None:
    """The 10th of March 2013 has 23 hours in New York."""
    begin = datetime(2013, 3, 9, 5, tzinfo=timezone.utc)
    moments = [begin + timedelta(hours=n) for n in range(71)]
    write_deltalake(
        str(tmp_path / "inputs"),
        pa.table(
            {
                "at": pa.array(moments, pa.timestamp("us", tz="UTC")),
                "amount": [float(n) for n in range(71)],
            }
        ),
    )
    shop = Shop(
        spark,
        tmp_path,
        {
            "monitor": "clock",
            "time_zone": "America/New_York",
            "output": {"path": str(tmp_path / "monitor")},
            "inputs": {"table": {"path": str(tmp_path / "inputs")}, "day": {"time_column": "at"}},
            "windows": ["day"],
            "references": [{"name": "start", "days": "2013-03-09..2013-03-09"}],
        },
    )
    shop.run(as_of=date(2013, 3, 12))
    hours = {
        row["window_start"].day: row["value"]
        for row in shop.table("profile_metrics")
        if row["metric"] == "rows" and row["feature"] == "amount"
    }
    assert hours == {9: 24, 10: 23, 11: 24}
