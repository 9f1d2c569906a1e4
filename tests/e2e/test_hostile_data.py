"""Data that carry SQL, markup, commands and control characters are data, wherever they come out."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from hostile import HOSTILE
from modelwatch.pipelines.incidents.actions import listed
from modelwatch.pipelines.runs.queries import table_text
from modelwatch.stats.states.categorical import example_of
from shop import Shop, day

pytestmark = pytest.mark.slow

ROWS = 10
"""Rows of a value and day."""
VALUES = [*HOSTILE.values()]
NAMES = [name for name in VALUES if len(name) <= 200 and "\0" not in name]
"""Arrow ends a column's name at a NUL."""
NEW = "new: "


def rows_of(number: int) -> pa.Table:
    """Each hostile value is a category and a segment, and most are names of columns; on the last
    days the values are others than ever before."""
    count = ROWS * len(VALUES)
    fresh = NEW if number > 2 else ""
    columns: dict[str, Any] = {
        "day": pa.array([day(number)] * count, pa.date32()),
        "split": [VALUES[i % len(VALUES)] for i in range(count)],
        "category": [fresh + VALUES[i % len(VALUES)] for i in range(count)],
    }
    columns |= {
        name: pa.array([float(i % 7) + 100 * (number > 2) for i in range(count)]) for name in NAMES
    }
    return pa.table(columns)


@pytest.fixture(scope="module")
def shop(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A run over four days; on two of them everything has moved."""
    folder = tmp_path_factory.mktemp("hostile")
    shop = Shop(
        spark,
        folder,
        {
            "monitor": "shop",
            "output": {"path": str(folder / "monitor")},
            "inputs": {"table": {"path": str(folder / "inputs")}, "day": {"column": "day"}},
            "segments": [{"name": "split", "columns": "split", "max_values": 50}],
            "windows": ["day"],
            "references": [{"name": "start", "days": f"{day(1)}..{day(2)}"}],
            "constraints": [
                {"name": f"c{i}", "kind": "completeness", "column": name, "lower": 1}
                for i, name in enumerate(NAMES)
            ],
            "notify": [{"name": "log", "kind": "file", "path": str(folder / "log")}],
            "verdicts": {"late_days": 30},
        },
    )
    for number in (1, 2, 3, 4):
        shop.add("inputs", rows_of(number))
    (folder / "text").write_text(shop.run(as_of=day(5)).text, encoding="utf-8")
    return shop


def test_every_name_is_the_name_of_a_feature(shop: Shop) -> None:
    found = {row["feature"] for row in shop.table("profile_metrics") if row["metric"] == "mean"}
    assert found >= set(NAMES)


def test_every_value_is_a_segment_with_its_rows(shop: Shop) -> None:
    found = {
        row["segment"]: row["value"]
        for row in shop.table("profile_metrics")
        if row["metric"] == "rows"
        and (row["feature"], row["segmentation"]) == ("category", "split")
        and row["window_start"] == day(1)
        and row["model_version"] == "(none)"
    }
    long = {value for value in VALUES if len(value) > 1000}
    assert {s: n for s, n in found.items() if s in VALUES} == {
        value: ROWS for value in VALUES if value not in long
    }
    assert found["(other)"] == ROWS * len(long)


def test_every_new_value_is_reported_as_unseen(shop: Shop) -> None:
    kept = [
        {one["value"]: one["row_count"] for one in row["unseen"]}
        for row in shop.table("feature_states")
        if (row["feature"], row["segmentation"], row["day"]) == ("category", "all", day(3))
    ]
    assert kept == [{example_of(NEW + value): ROWS for value in VALUES}]


def test_constraints_name_columns_of_any_name(shop: Shop) -> None:
    verdicts = {row["constraint_name"]: row["verdict"] for row in shop.table("constraint_results")}
    assert verdicts == {f"c{i}": "pass" for i in range(len(NAMES))}


def test_no_output_is_longer_for_a_value_of_a_megabyte(shop: Shop) -> None:
    files = [path for path in shop.output.rglob("*") if path.is_file()]
    assert max(path.stat().st_size for path in files) < 1 << 20
    assert (shop.folder / "log").stat().st_size < 1 << 20


def test_what_is_printed_holds_no_control_character(shop: Shop) -> None:
    printed = [
        (shop.folder / "text").read_text(encoding="utf-8"),
        listed(shop.queries(), shop.parsed()),
        shop.runs()[-1]["message"],
    ]
    for text in printed:
        for line in text.split("\n"):
            assert not [c for c in line if unicodedata.category(c) in ("Cc", "Cf", "Zl")], line


def test_the_query_of_each_incident_shows_its_metrics(shop: Shop) -> None:
    incidents = shop.ask("SELECT subject, query FROM incidents_current WHERE query IS NOT NULL")
    assert incidents
    for row in incidents:
        rows = shop.ask(row["query"])
        assert rows, row["subject"]
        table_text(list(rows[0].asDict()), [list(found) for found in rows])


def test_nothing_of_it_was_executed(shop: Shop) -> None:
    for folder in (Path.cwd(), shop.folder, shop.output):
        assert not (folder / "hacked").exists()
    assert shop.ask("SELECT count(*) AS n FROM published_runs")[0]["n"] == 1
