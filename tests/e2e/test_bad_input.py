"""Problems of the configuration or of tables are reported before any write, with their location."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import redirect_stderr
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from pyspark.sql import SparkSession

from modelwatch import cli
from modelwatch.model.errors import SourceError
from shop import ROWS, Shop, day, inputs_of

Change = Callable[[dict[str, Any]], object]
SHORT = {"segments": [], "windows": ["day"], "constraints": []}


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
    with redirect_stderr(StringIO()) as wording:
        code = cli.main(["run", str(path), "--as-of", str(day(9))])
    assert code == 2
    assert not shop.output.exists()
    text = wording.getvalue()
    assert str(path) in text
    return text


@pytest.mark.parametrize(
    ("change", "place", "what"),
    [
        (lambda c: c.update(thresholdz={}), "thresholdz", "did you mean"),
        (lambda c: c["inputs"].update(tabel={"path": "x"}), "inputs.tabel", "did you mean"),
        (lambda c: c["binning"].update(bins="many"), "binning.bins", "integer"),
        (lambda c: c.update(windows=["dya"]), "windows[0]", "'dya'"),
        (lambda c: c.update(time_zone="Mars/Olympus"), "time_zone", "'Mars/Olympus'"),
    ],
    ids=["key", "nested key", "type", "window", "time zone"],
)
def test_a_configuration_that_is_wrong_is_reported_with_its_line(
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
def test_what_does_not_fit_the_tables_is_reported_before_any_write(
    tables: Shop, tmp_path: Path, change: Change, place: str, what: str
) -> None:
    text = refused(tables, tmp_path, change)
    line = next(line for line in text.splitlines() if place in line)
    assert what in line


def test_everything_that_is_wrong_is_reported_at_once(tables: Shop, tmp_path: Path) -> None:
    def change(config: dict[str, Any]) -> None:
        config["predictions"]["table"] = {"path": "/no/table"}
        config["inputs"]["id"] = "idd"
        config["segments"] = [{"name": "s", "columns": "regoin"}]

    text = refused(tables, tmp_path, change)
    for place in ("predictions.table", "inputs.id", "segments[0].columns"):
        assert place in text


def test_a_reference_without_rows_is_reported_before_any_write(
    tables: Shop, tmp_path: Path
) -> None:
    def change(config: dict[str, Any]) -> None:
        config["references"][0]["days"] = "2001-01-01..2001-01-31"

    text = refused(tables, tmp_path, change)
    assert "references[0]" in text
    assert "'start' has no rows" in text


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


def test_an_id_that_repeats_is_counted_once_and_reported(strange: Shop) -> None:
    row = strange.runs()[-1]
    assert (row["duplicate_ids"], row["input_rows"], row["prediction_rows"]) == (4, 24, 20)
    assert (row["unmatched_inputs"], row["unmatched_predictions"]) == (0, 0)
    assert metrics(strange, "amount")["rows"] == 10
    found = [r for r in strange.table("constraint_results") if r["constraint_name"] == "once"]
    assert {r["verdict"] for r in found} == {"warn"}


def test_names_may_hold_any_character(strange: Shop) -> None:
    assert metrics(strange, ODD)["rows"] == 10
    assert metrics(strange, "amount", segmentation="odd", segment="1")["rows"] == 5
    found = [r for r in strange.table("constraint_results") if r["constraint_name"] == "odd"]
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
    assert (named["role"], named["column_name"], named["type"]) == (
        "inputs",
        "items",
        "array<bigint>",
    )


@dataclass(frozen=True)
class Refusal:
    """A run that could not read a file: its name, exit code and words, and what views show then."""

    file: str
    code: int
    wording: str
    results: dict[str, Any]


@dataclass(frozen=True)
class Damaged:
    """A shop of which a file was damaged in two ways, and mended; ``before``: what views showed."""

    shop: Shop
    before: dict[str, Any]
    refusals: dict[str, Refusal]


@pytest.fixture(scope="module")
def damaged(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Damaged:
    """A run, two that fail because of the same file, and one after it came back."""
    shop = Shop(spark, tmp_path_factory.mktemp("damaged"))
    shop.config |= SHORT
    shop.open(day(1), day(2))
    assert shop.run().exit_code == 0
    seen = Damaged(shop, shop.results(), {})
    shop.open(day(3))
    (file,) = (shop.folder / "inputs" / f"day={day(3)}").glob("*.parquet")
    whole = file.read_bytes()

    def run(name: str) -> None:
        with redirect_stderr(StringIO()) as wording:
            code = cli.main(["run", str(shop.file()), "--as-of", str(day(9))])
        seen.refusals[name] = Refusal(file.name, code, wording.getvalue(), shop.results())

    file.write_bytes(b"PAR1" + b"\0" * (len(whole) - 8) + b"PAR1")
    run("corrupt")
    file.unlink()
    run("missing")
    file.write_bytes(whole)
    shop.run()
    return seen


@pytest.mark.parametrize("damage", ["corrupt", "missing"])
def test_a_file_that_cannot_be_read_fails_the_run_with_its_name(
    damaged: Damaged, damage: str
) -> None:
    refusal = damaged.refusals[damage]
    assert refusal.code == 2
    assert refusal.file in refusal.wording


@pytest.mark.parametrize("damage", ["corrupt", "missing"])
def test_a_file_that_cannot_be_read_loses_nothing(damaged: Damaged, damage: str) -> None:
    assert damaged.refusals[damage].results == damaged.before


def test_a_run_that_failed_is_reported_and_the_next_computes_its_day(damaged: Damaged) -> None:
    rows = damaged.shop.runs()
    assert [row["outcome"] for row in rows] == ["published", "failed", "failed", "published"]
    for row, refusal in zip(rows[1:3], damaged.refusals.values(), strict=True):
        assert refusal.file in row["message"]
    assert rows[-1]["days"] == [day(3)]


@dataclass(frozen=True)
class Replaced:
    """A shop whose inputs were written anew, and the refusal of ids that can't be joined: its
    words, and the versions of the output tables before and after it."""

    shop: Shop
    refusal: str
    before: dict[str, int]
    after: dict[str, int]


@pytest.fixture(scope="module")
def replaced(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Replaced:
    """Two days; then the inputs are written anew, a day without rows and a number that is text;
    then a day with a column that no day before has; then ids that are numbers."""
    shop = Shop(spark, tmp_path_factory.mktemp("replaced"))
    shop.config |= SHORT
    shop.open(day(1), day(2))
    assert shop.run().exit_code == 0
    rows = pa.concat_tables([inputs_of(day(1)), inputs_of(day(3))])
    height = pa.array([f"h{v:g}" for v in rows["height"].to_pylist()])
    rows = rows.set_column(rows.schema.get_field_index("height"), "height", height)
    shop.add("inputs", rows, mode="overwrite", schema_mode="overwrite")
    shop.delete("predictions", f"day = '{day(2)}'")
    shop.run()
    added = rows.slice(ROWS).set_column(1, "day", pa.array([day(4)] * ROWS, pa.date32()))
    added = added.append_column("width", pa.array([float(i) for i in range(ROWS)]))
    shop.add("inputs", added, schema_mode="merge")
    shop.run()
    before = shop.versions()
    numbered = inputs_of(day(1))
    numbered = numbered.set_column(0, "id", pa.array(range(len(numbered))))
    shop.add("inputs", numbered, mode="overwrite", schema_mode="overwrite")
    with pytest.raises(SourceError) as refused:
        shop.run()
    return Replaced(shop, str(refused.value), before, shop.versions())


def rows_by_day(shop: Shop, feature: str) -> dict[date, float]:
    """Rows of each day, of a feature, as the views show them."""
    found = shop.ask(
        "SELECT window_start, sum(value) AS value FROM profile_current "
        f"WHERE metric = 'rows' AND feature = '{feature}' GROUP BY window_start"
    )
    return {row["window_start"]: row["value"] for row in found}


def test_a_day_that_lost_all_rows_is_computed_as_an_empty_one(replaced: Replaced) -> None:
    assert replaced.shop.runs()[1]["days"] == [day(1), day(2), day(3)]
    expected = {day(1): ROWS, day(2): 0, day(3): ROWS, day(4): ROWS}
    assert rows_by_day(replaced.shop, "amount") == expected


def test_a_feature_whose_type_changed_is_computed_anew(replaced: Replaced) -> None:
    """No state is left of the days on which it was a number."""
    shown = replaced.shop.ask(
        "SELECT DISTINCT day, kind FROM feature_states_current WHERE feature = 'height'"
    )
    assert {tuple(row) for row in shown} == {(day(n), "categorical") for n in (1, 3, 4)}


def test_a_column_that_is_added_is_a_feature_of_the_days_that_have_it(replaced: Replaced) -> None:
    """The correlations of the days before are of fewer columns, and do not stand in its way."""
    assert replaced.shop.runs()[2]["days"] == [day(4)]
    assert rows_by_day(replaced.shop, "width") == {day(4): ROWS}


def test_an_id_that_can_no_longer_be_joined_is_reported_before_any_write(
    replaced: Replaced,
) -> None:
    assert re.search(r"predictions.id.*cannot be joined with 'id'", replaced.refusal)
    assert replaced.after == replaced.before


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
