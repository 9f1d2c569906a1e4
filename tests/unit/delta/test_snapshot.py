"""A version of a Delta table on a local disk, read and appended to without Spark."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from modelwatch.io.delta.commits import CommitRequiresSpark, append_table
from modelwatch.io.delta.snapshot import LogUnreadable, RowFilter, local_snapshot

SCHEMA = pa.schema([("monitor", pa.string()), ("run_id", pa.string()), ("day", pa.date32())])
FIELDS = [
    {"name": "monitor", "type": "string", "nullable": False, "metadata": {}},
    {"name": "run_id", "type": "string", "nullable": False, "metadata": {}},
    {"name": "day", "type": "date", "nullable": True, "metadata": {}},
]


def created(folder: Path, protocol: dict[str, Any] | None = None, **settings: str) -> Path:
    """An empty table, partitioned by monitor."""
    (folder / "_delta_log").mkdir(parents=True)
    configuration = {"delta.dataSkippingStatsColumns": "run_id,day", **settings}
    metadata = {
        "id": "a",
        "schemaString": json.dumps({"type": "struct", "fields": FIELDS}),
        "partitionColumns": ["monitor"],
        "configuration": configuration,
    }
    protocol = protocol or {"minReaderVersion": 1, "minWriterVersion": 2}
    commit(folder, 0, {"protocol": protocol}, {"metaData": metadata})
    return folder


def commit(folder: Path, version: int, *actions: dict[str, Any]) -> None:
    path = folder / "_delta_log" / f"{version:020d}.json"
    path.write_text("".join(f"{json.dumps(action)}\n" for action in actions))


def rows(run: str, *days: date | None, monitor: str = "a b/ü") -> pa.Table:
    return pa.table([[monitor] * len(days), [run] * len(days), list(days)], schema=SCHEMA)


FIRST, SECOND = date(2024, 1, 1), date(2024, 1, 2)


def test_what_is_appended_is_read_back_with_its_partition(tmp_path: Path) -> None:
    table = created(tmp_path / "t")
    assert append_table(table, rows("r1", FIRST, None), "r1") == 1
    assert append_table(table, rows("r2", SECOND), "r2") == 2
    found = local_snapshot(table).table(SCHEMA).sort_by("run_id")
    assert found.to_pylist() == [
        *rows("r1", FIRST, None).to_pylist(),
        *rows("r2", SECOND).to_pylist(),
    ]


def test_an_earlier_version_stays_as_it_was(tmp_path: Path) -> None:
    table = created(tmp_path / "t")
    append_table(table, rows("r1", FIRST), "r1")
    append_table(table, rows("r2", SECOND), "r2")
    assert local_snapshot(table, 1).table(SCHEMA)["run_id"].to_pylist() == ["r1"]


@pytest.mark.parametrize(
    ("wanted", "runs"),
    [
        (RowFilter({"monitor": ["m1"]}), ["r1"]),
        (RowFilter({"day": [SECOND]}), ["r2"]),
        (RowFilter({"run_id": ["r1", "r2"]}, {"day": SECOND}), ["r2"]),
        (RowFilter({"day": [None]}), ["r3"]),
        (RowFilter({"run_id": []}), []),
    ],
)
def test_files_without_wanted_rows_are_left_out(
    tmp_path: Path, wanted: RowFilter, runs: list[str]
) -> None:
    table = created(tmp_path / "t")
    append_table(table, rows("r1", FIRST, monitor="m1"), "r1")
    append_table(table, rows("r2", SECOND, monitor="m2"), "r2")
    append_table(table, rows("r3", None, monitor="m2"), "r3")
    snapshot = local_snapshot(table)
    assert snapshot.table(SCHEMA, wanted)["run_id"].to_pylist() == runs
    assert len(snapshot.of(wanted).files) <= max(len(runs), 1)


def test_a_removed_file_is_no_part_of_the_table(tmp_path: Path) -> None:
    table = created(tmp_path / "t")
    append_table(table, rows("r1", FIRST), "r1")
    (file,) = local_snapshot(table).files
    commit(table, 2, {"remove": {"path": file.path, "dataChange": True}})
    assert local_snapshot(table).files == ()


def test_a_file_that_lost_rows_is_found_whatever_the_order_of_the_actions(tmp_path: Path) -> None:
    table = created(tmp_path / "t")
    append_table(table, rows("r1", FIRST, SECOND), "r1")
    (added,) = (
        json.loads(line)["add"]
        for line in (table / "_delta_log" / f"{1:020d}.json").read_text().splitlines()
        if "add" in json.loads(line)
    )
    vector = {"storageType": "u", "pathOrInlineDv": "x", "offset": 1, "cardinality": 1}
    lessened = {"add": {**added, "deletionVector": vector}}
    commit(table, 2, lessened, {"remove": {"path": added["path"]}})
    with pytest.raises(LogUnreadable, match="deleted rows"):
        local_snapshot(table)
    commit(table, 3, {"add": added}, {"remove": {"path": added["path"], "deletionVector": vector}})
    assert local_snapshot(table).table(SCHEMA).num_rows == 2


def test_a_checkpoint_stands_for_the_commits_before_it(tmp_path: Path) -> None:
    table = created(tmp_path / "t")
    append_table(table, rows("r1", FIRST), "r1")
    log = table / "_delta_log"
    actions = [
        json.loads(line) for version in (0, 1) for line in (log / f"{version:020d}.json").open()
    ]
    kinds = ("add", "metaData", "protocol")
    held = [one for one in actions if set(one) & set(kinds)]
    values = pa.map_(pa.string(), pa.string())
    text = pa.string()
    schema = pa.schema(
        [
            (
                "add",
                pa.struct(
                    [
                        ("path", text),
                        ("partitionValues", values),
                        ("size", pa.int64()),
                        ("modificationTime", pa.int64()),
                        ("stats", text),
                    ]
                ),
            ),
            (
                "metaData",
                pa.struct(
                    [
                        ("id", text),
                        ("schemaString", text),
                        ("partitionColumns", pa.list_(text)),
                        ("configuration", values),
                    ]
                ),
            ),
            (
                "protocol",
                pa.struct([("minReaderVersion", pa.int32()), ("minWriterVersion", pa.int32())]),
            ),
        ]
    )
    pq.write_table(pa.Table.from_pylist(held, schema), log / f"{1:020d}.checkpoint.parquet")
    for version in (0, 1):
        (log / f"{version:020d}.json").unlink()
    assert append_table(table, rows("r2", SECOND), "r2") == 2
    assert sorted(local_snapshot(table).table(SCHEMA)["run_id"].to_pylist()) == ["r1", "r2"]


def torn(table: Path) -> None:
    commit(table, 1)


def vector(table: Path) -> None:
    add = {"path": "x", "partitionValues": {}, "size": 1, "modificationTime": 1}
    commit(table, 1, {"add": {**add, "deletionVector": {"storageType": "u"}}})


def elsewhere(table: Path) -> None:
    add = {"path": "s3://b/x", "partitionValues": {}, "size": 1, "modificationTime": 1}
    commit(table, 1, {"add": add})


def gap(table: Path) -> None:
    commit(table, 2, {"commitInfo": {}})


def newer_reader(table: Path) -> None:
    protocol = {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": ["later"]}
    commit(table, 1, {"protocol": protocol})


def newer_checkpoint(table: Path) -> None:
    (table / "_delta_log" / f"{1:020d}.checkpoint.{'a' * 8}.parquet").touch()


@pytest.mark.parametrize("change", [torn, vector, elsewhere, gap, newer_reader, newer_checkpoint])
def test_what_is_not_known_is_left_to_spark(tmp_path: Path, change: Any) -> None:
    table = created(tmp_path / "t")
    change(table)
    with pytest.raises(LogUnreadable):
        local_snapshot(table)
    with pytest.raises(CommitRequiresSpark):
        append_table(table, rows("r1", FIRST), "r1")


def test_mapped_columns_are_left_to_spark(tmp_path: Path) -> None:
    table = created(tmp_path / "t", **{"delta.columnMapping.mode": "name"})
    with pytest.raises(LogUnreadable, match="features"):
        local_snapshot(table)


@pytest.mark.parametrize(
    "protocol",
    [
        {"minReaderVersion": 1, "minWriterVersion": 4},
        {"minReaderVersion": 1, "minWriterVersion": 7, "writerFeatures": ["rowTracking"]},
    ],
)
def test_a_table_that_needs_more_of_a_writer_is_left_to_spark(
    tmp_path: Path, protocol: dict[str, Any]
) -> None:
    table = created(tmp_path / "t", protocol)
    with pytest.raises(CommitRequiresSpark, match="writer"):
        append_table(table, rows("r1", FIRST), "r1")
    assert [path.name for path in table.iterdir()] == ["_delta_log"]


def test_the_commit_at_which_a_checkpoint_is_due_is_left_to_spark(tmp_path: Path) -> None:
    table = created(tmp_path / "t", **{"delta.checkpointInterval": "2"})
    append_table(table, rows("r1", FIRST), "r1")
    with pytest.raises(CommitRequiresSpark, match="checkpoint"):
        append_table(table, rows("r2", SECOND), "r2")


def test_a_commit_of_somebody_who_takes_no_turns_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = created(tmp_path / "t")
    stale = local_snapshot(table)
    append_table(table, rows("r1", FIRST), "r1")
    seen = iter([stale])
    monkeypatch.setattr(
        "modelwatch.io.delta.commits.local_snapshot",
        lambda folder: next(seen, None) or local_snapshot(folder),
    )
    assert append_table(table, rows("r2", SECOND), "r2") == 2
    assert sorted(local_snapshot(table).table(SCHEMA)["run_id"].to_pylist()) == ["r1", "r2"]


def test_a_commit_says_which_run_made_it_and_leaves_no_other_file(tmp_path: Path) -> None:
    table = created(tmp_path / "t")
    append_table(table, rows("r1", FIRST), "r1")
    names = sorted(path.name for path in (table / "_delta_log").iterdir())
    assert names == [f"{0:020d}.json", f"{1:020d}.json"]
    first = json.loads((table / "_delta_log" / names[1]).read_text().splitlines()[0])
    assert first["commitInfo"]["userMetadata"] == "r1"
