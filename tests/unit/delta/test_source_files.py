"""Rows that are read from the files of a table are those of the table, and of the wanted days."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drawn_tables import DAY_COLUMNS, TYPES, WANTED, Layout, written
from modelwatch.io.delta import source_files
from modelwatch.io.delta.footers import RequiresSpark
from modelwatch.io.delta.source_files import (
    TYPES_OF_SPARK,
    RequestedColumn,
    TableFiles,
    dealt_parts,
    pinned_snapshot,
)
from modelwatch.spark.sources.file_rows import FileDays, FilePart, FileReading, ValueForm, part_rows
from modelwatch.stats.day_numbers import day_number

EPOCH = datetime(1970, 1, 1)
FORMS: dict[str, ValueForm] = {
    **dict.fromkeys(("x", "f", "b8", "b16", "i", "dotted.name", "late"), "double"),
    **dict.fromkeys(("flag", "word", "many", "region", "shop"), "text"),
    "l": "long",
    "d": "day",
    "t": "micros",
    "n": "micros",
    "model": "version",
}


def exact(value: Any) -> Any:
    """A value by which equal ones are the same, NaN and the sign of zero included."""
    if isinstance(value, float):
        return "nan" if math.isnan(value) else value.hex()
    return value


def as_form(value: Any, form: ValueForm) -> Any:
    """What a form makes of a value of Python."""
    if form == "version":
        names = {None: "(none)", "(none)": '"(none)"', '"v1"': '"""v1"""'}
        return names.get(value, value)
    if value is None:
        return None
    if form == "text":
        return str(value).lower() if isinstance(value, bool) else str(value)
    if form == "double":
        return float(value)
    if form == "day":
        return float(day_number(value))
    if form == "micros":
        return (value.replace(tzinfo=None) - EPOCH) // timedelta(microseconds=1)
    return value


def day_of(row: dict[str, Any], reported: dict[str, str]) -> date | None:
    """The day of a row in UTC; None if it is not wanted."""
    name = reported.get("column") or reported["time_column"]
    value = row[name]
    if value is None:
        return None
    if name == "text_day":
        value = datetime.strptime(value, "%Y%m%d").replace(tzinfo=timezone.utc)
    day = value.date() if isinstance(value, datetime) else value
    near = row["day"] if "partition_column" in reported else day
    if near is None or not any(abs((near - one).days) <= 1 for one in WANTED):
        return None
    return day if day in WANTED else None


def files_of(
    folder: Path, reported: dict[str, str], forms: dict[str, ValueForm] = FORMS
) -> TableFiles:
    """The files of a table, all columns asked for."""
    asked = tuple(RequestedColumn(n, form, TYPES_OF_SPARK[TYPES[n]]) for n, form in forms.items())
    wanted = tuple(map(day_number, WANTED))
    newest = len(list((folder / "_delta_log").glob("*.json"))) - 1
    if reported.get("column") == "text_day":
        return TableFiles(
            pinned_snapshot(str(folder), newest), asked, FileDays(wanted=wanted), "text_day"
        )
    snapshot = pinned_snapshot(str(folder), newest)
    name = reported.get("column") or reported["time_column"]
    if name in snapshot.metadata["partitionColumns"]:
        return TableFiles(snapshot, asked, FileDays(wanted=wanted), name)
    form: ValueForm = "day" if name == "day" else "micros"
    near = reported.get("partition_column")
    runs = ((wanted[0], wanted[0]), (wanted[1], wanted[2]))
    return TableFiles(snapshot, asked, FileDays(name, form, wanted), None, near, runs)


def read_rows(files: TableFiles, batch_rows: int = 64) -> Counter[tuple[Any, ...]]:
    """The rows as they are read, with how often each occurs."""
    reading = FileReading(files.days, files.columns(), batch_rows)
    found: Counter[tuple[Any, ...]] = Counter()
    for task in dealt_parts(files.parts(), 3):
        for part in task:
            for batch in part_rows(part, reading):
                assert 0 < batch.num_rows <= batch_rows
                columns = [column.to_pylist() for column in batch.columns]
                found.update(tuple(map(exact, row)) for row in zip(*columns, strict=True))
    return found


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    layout=st.builds(
        Layout,
        seed=st.integers(0, 2**31),
        writer=st.sampled_from(["hand", "delta-rs"]),
        files=st.lists(st.sampled_from([0, 1, 40, 200]), min_size=1, max_size=4).map(tuple),
        partitions=st.sampled_from(
            [(), ("day",), ("text_day",), ("day", "region"), ("shop", "day"), ("day", "flag")]
        ),
        unit=st.sampled_from(["us", "ms"]),
        statistics=st.booleans(),
        row_group=st.sampled_from([17, 1000]),
        dictionary=st.booleans(),
    ),
    reported=st.sampled_from(sorted(DAY_COLUMNS)),
)
def test_rows_of_files_are_those_of_the_table(
    tmp_path: Path, layout: Layout, reported: str
) -> None:
    by = DAY_COLUMNS[reported]
    if "text_day" not in layout.partitions and reported == "a text":
        by = DAY_COLUMNS["a date"]
    if "day" not in layout.partitions and reported == "a time near a date":
        by = DAY_COLUMNS["a time"]
    table = written(tmp_path / "table", layout)
    expected: Counter[tuple[Any, ...]] = Counter()
    for row in table.to_pylist():
        day = day_of(row, by)
        if day is not None:
            values = (as_form(row[name], form) for name, form in FORMS.items())
            expected[tuple(map(exact, (day, *values)))] += 1
    assert read_rows(files_of(tmp_path / "table", by)) == expected


def altered(folder: Path, change: Callable[[list[dict[str, Any]]], object]) -> Path:
    """A table of one file whose log was changed."""
    written(folder, Layout(3, "hand", (40,), ("day",)))
    log = folder / "_delta_log" / f"{0:020d}.json"
    actions = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    change(actions)
    log.write_text("".join(f"{json.dumps(action)}\n" for action in actions), "utf-8")
    return folder


def schema_with(name: str, **field: Any) -> Callable[[list[dict[str, Any]]], object]:
    """A change of a column in the schema of a table."""

    def change(actions: list[dict[str, Any]]) -> None:
        schema = json.loads(actions[1]["metaData"]["schemaString"])
        next(one for one in schema["fields"] if one["name"] == name).update(field)
        actions[1]["metaData"]["schemaString"] = json.dumps(schema)

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda a: a[2]["add"].update(deletionVector={"storageType": "u"}), "deleted rows"),
        (
            lambda a: a[1]["metaData"]["configuration"].update(
                {"delta.columnMapping.mode": "name"}
            ),
            "features that are not known",
        ),
        (
            lambda a: a[0]["protocol"]["readerFeatures"].append("typeWidening"),
            "features that are not known",
        ),
        (lambda a: a[2]["add"].update(path="s3://lake/p.parquet"), "lies elsewhere"),
        (schema_with("word", metadata={"__CHAR_VARCHAR_TYPE_STRING": "char(8)"}), "metadata"),
        (schema_with("x", type="decimal(20,2)"), r"decimal\(20,2\)"),
        (schema_with("x", type={"type": "struct", "fields": []}), "nested"),
        (lambda a: a[2]["add"]["partitionValues"].update(day="2024-1-1"), "spells its day"),
    ],
    ids=[
        "deletion vectors",
        "column mapping",
        "type widening",
        "elsewhere",
        "char",
        "decimal",
        "struct",
        "a day spelled otherwise",
    ],
)
def test_a_table_that_is_not_known_to_be_read_the_same_is_left_to_spark(
    tmp_path: Path, change: Callable[[list[dict[str, Any]]], object], reason: str
) -> None:
    folder = altered(tmp_path / "table", change)
    with pytest.raises(RequiresSpark, match=reason):
        read_rows(files_of(folder, DAY_COLUMNS["a date"]))


def test_a_partition_of_another_type_is_left_to_spark(tmp_path: Path) -> None:
    written(tmp_path / "table", Layout(3, "hand", (40,), ("x",)))
    with pytest.raises(RequiresSpark, match="a partition of type double"):
        read_rows(files_of(tmp_path / "table", DAY_COLUMNS["a date"]))


def test_a_table_elsewhere_is_left_to_spark() -> None:
    with pytest.raises(RequiresSpark, match="not on a local disk"):
        pinned_snapshot("s3://lake/table", 0)


def test_more_footers_than_the_driver_reads_are_left_to_spark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path / "table", Layout(3, "hand", (5, 5), ()))
    monkeypatch.setattr(source_files, "MOST_EXAMINED", 2 * len(TYPES) - 1)
    with pytest.raises(RequiresSpark, match="the footers of 2 files are too many"):
        files_of(tmp_path / "table", DAY_COLUMNS["a date"]).parts()


def test_files_of_other_days_are_not_opened(tmp_path: Path) -> None:
    folder = tmp_path / "table"
    table = written(folder, Layout(3, "hand", (30, 30, 30, 30), ("day",)))
    named = {file.path: file.partition["day"] for file in pinned_snapshot(str(folder), 0).files}
    for path, day in named.items():
        if day not in map(str, WANTED):
            (folder / unquote(path)).unlink()
    assert read_rows(files_of(folder, DAY_COLUMNS["a date"])).total() == sum(
        row["day"] in WANTED for row in table.to_pylist()
    )


def part(path: str, group: int, rows: int) -> FilePart:
    return FilePart(path, (group,), rows, 0)


def test_tasks_get_neighbors_and_about_as_many_rows() -> None:
    parts = [
        part("a", 0, 10),
        part("a", 1, 10),
        part("b", 0, 10),
        part("c", 0, 10),
        part("d", 0, 2),
    ]
    dealt = dealt_parts(parts, 2)
    assert [[one.path for one in task] for task in dealt] == [["a", "b"], ["c", "d"]]
    assert (dealt[0][0].row_groups, dealt[0][0].rows) == ((0, 1), 20)


def test_there_are_no_more_tasks_than_parts() -> None:
    assert len(dealt_parts([part("a", 0, 5), part("b", 0, 5)], 8)) == 2
    assert dealt_parts([], 8) == []
