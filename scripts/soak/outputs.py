"""Output tables that were altered manually or damaged."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
from scripts.soak.fault import Fault, Place, scenario
from scripts.soak.in_session import Case
from scripts.soak.world import World


class _Altered:
    """An output table that is altered; the repair restores its folder."""

    def __init__(self, table: str, change: Any) -> None:
        self._table, self._change = table, change

    def act(self, world: World) -> None:
        folder = world.output / self._table
        shutil.copytree(folder, self._kept(world))
        self._change(folder)

    def mend(self, world: World) -> None:
        folder = world.output / self._table
        shutil.rmtree(folder, ignore_errors=True)
        shutil.move(self._kept(world), folder)

    def _kept(self, world: World) -> Path:
        return world.folder / f"{self._table}.kept"


def _rewritten(folder: Path, rows: pa.Table) -> None:
    # Tables are append-only; altering one requires that this property is removed first.
    table = DeltaTable(str(folder))
    table.alter.set_table_properties({"delta.appendOnly": "false"})
    partitions = table.metadata().partition_columns
    write_deltalake(
        str(folder),
        rows,
        mode="overwrite",
        schema_mode="overwrite",
        partition_by=[name for name in partitions if name in rows.column_names],
    )


def _rows(folder: Path) -> pa.Table:
    return DeltaTable(str(folder)).to_pyarrow_table()


def _dropped(column: str, folder: Path) -> None:
    _rewritten(folder, _rows(folder).drop_columns([column]))


def _retyped(column: str, folder: Path) -> None:
    rows = _rows(folder)
    texts = pa.array([None if v is None else str(v) for v in rows[column].to_pylist()], pa.string())
    _rewritten(folder, rows.set_column(rows.schema.get_field_index(column), column, texts))


def _deleted(where: str, folder: Path) -> None:
    table = DeltaTable(str(folder))
    table.alter.set_table_properties({"delta.appendOnly": "false"})
    DeltaTable(str(folder)).delete(where)


def _removed(folder: Path) -> None:
    shutil.rmtree(folder)


def _newest(folder: Path) -> Path:
    return max((folder / "_delta_log").glob("*.json"))


def _cut(folder: Path) -> None:
    newest = _newest(folder)
    newest.write_bytes(newest.read_bytes()[: newest.stat().st_size // 2])


def _emptied(folder: Path) -> None:
    _newest(folder).write_bytes(b"")


def _no_commit(folder: Path) -> None:
    (folder / "_delta_log" / f"{0:020d}.json").unlink()


def _corrupt(folder: Path) -> None:
    for file in folder.rglob("*.parquet"):
        if "_delta_log" not in file.parts:
            file.write_bytes(b"PAR1" + b"\0" * (file.stat().st_size - 8) + b"PAR1")


FAULTS = (
    ("a column that rows need was dropped", "feature_states", partial(_dropped, "counts")),
    ("a column was dropped", "constraint_results", partial(_dropped, "observed")),
    ("a column is of another type", "runs", partial(_retyped, "as_of")),
    ("a column is of another type", "drift_metrics", partial(_retyped, "value")),
    ("rows of a day were deleted", "feature_states", partial(_deleted, "day = '2024-01-01'")),
    ("all rows were deleted", "binnings", partial(_deleted, "true")),
    ("all rows were deleted", "runs", partial(_deleted, "true")),
    ("the table was removed", "feature_states", _removed),
    ("the table was removed", "profile_metrics", _removed),
    ("the newest commit is cut in half", "runs", _cut),
    ("the newest commit is cut in half", "feature_states", _cut),
    ("the newest commit is empty", "runs", _emptied),
    ("the newest commit is empty", "feature_states", _emptied),
    ("its first commit is gone", "runs", _no_commit),
    ("its files are zeros", "feature_states", _corrupt),
)


@scenario(
    "output table",
    "A run with an altered or damaged output table has a right result or a clear error.",
)
def faults(place: Place) -> Iterator[Fault]:
    case = Case(place.unlabelled(), of_sources=False)
    for name, table, change in FAULTS:
        altered = _Altered(table, change)
        yield (
            f"{table}: {name}",
            partial(case.mended, altered.act, altered.mend, (f"monitor/{table}",)),
        )
