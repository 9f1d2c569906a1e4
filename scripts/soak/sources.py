"""Source tables that change during a run, or are damaged."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pyarrow as pa
from deltalake import write_deltalake
from scripts.soak.fault import Fault, Place, scenario
from scripts.soak.in_session import Act, Case
from scripts.soak.world import World, day, inputs_of

FIRST_READ = "reading the frozen bins"


def _appended(world: World) -> None:
    world.add("inputs", inputs_of(4, 7, first=500))


def _compacted(world: World) -> None:
    world.add("inputs", inputs_of(4, 7, first=500))
    world.table("inputs").optimize.compact()


def _vacuumed(world: World) -> None:
    """Rewrite every file, and delete the old ones immediately."""
    rows = world.table("inputs").to_pyarrow_table()
    write_deltalake(str(world.folder / "inputs"), rows, mode="overwrite", partition_by=["day"])
    world.table("inputs").vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)


def _evolved(world: World) -> None:
    rows = inputs_of(4, 7, first=500)
    rows = rows.append_column("income", pa.array([float(i) for i in range(len(rows))]))
    world.add("inputs", rows, schema_mode="merge")


def _retyped(world: World) -> None:
    rows = world.table("inputs").to_pyarrow_table()
    texts = pa.array([f"{value}" for value in rows["age"].to_pylist()])
    rows = rows.set_column(rows.schema.get_field_index("age"), "age", texts)
    write_deltalake(
        str(world.folder / "inputs"),
        rows,
        mode="overwrite",
        schema_mode="overwrite",
        partition_by=["day"],
    )


def _deleted(world: World) -> None:
    world.table("inputs").delete("day = '2024-01-04'")


DURING: tuple[tuple[str, Act, str | None], ...] = (
    ("rows are appended", _appended, "more rows"),
    ("it is compacted", _compacted, "more rows"),
    ("it is rewritten and vacuumed", _vacuumed, None),
    ("a column is added", _evolved, "a column more"),
    ("a column changes its type", _retyped, "column type changed"),
    ("a day is deleted", _deleted, "a day less"),
)
"""What happens to the table, and its rows afterwards (None: unchanged)."""


def _newest_file(world: World) -> Path:
    (file,) = (world.folder / "inputs" / "day=2024-01-04").glob("*.parquet")
    return file


def _log(world: World, version: int) -> Path:
    return world.folder / "inputs" / "_delta_log" / f"{version:020d}.json"


def _newest_log(world: World) -> Path:
    return _log(world, world.table("inputs").version())


class _Breaking:
    """A file of a table that is damaged, and restored from a copy."""

    def __init__(self, find: object, damage: object) -> None:
        self._find, self._damage = find, damage
        self._path: Path | None = None
        self._whole = b""

    def act(self, world: World) -> None:
        assert callable(self._find)
        assert callable(self._damage)
        path = self._find(world)
        self._path, self._whole = path, path.read_bytes()
        damaged = self._damage(self._whole)
        if damaged is None:
            path.unlink()
        else:
            path.write_bytes(damaged)

    def mend(self, world: World) -> None:
        assert self._path is not None
        self._path.write_bytes(self._whole)


def _zeros(whole: bytes) -> bytes:
    return b"PAR1" + b"\0" * (len(whole) - 8) + b"PAR1"


def _half(whole: bytes) -> bytes:
    return whole[: len(whole) // 2]


def _empty(whole: bytes) -> bytes:
    return b""


def _gone(whole: bytes) -> None:
    return None


BROKEN = (
    ("a file of it is zeros", _newest_file, _zeros),
    ("a file of it is cut in half", _newest_file, _half),
    ("a file of it is gone", _newest_file, _gone),
    ("its newest commit is cut in half", _newest_log, _half),
    ("its newest commit is empty", _newest_log, _empty),
    ("a commit in the middle is gone", lambda world: _log(world, 2), _gone),
    ("its first commit is gone", lambda world: _log(world, 0), _gone),
)


@scenario(
    "source table",
    "A run with a changing or damaged source has a right result or a clear error.",
)
def faults(place: Place) -> Iterator[Fault]:
    case = Case(place.unlabelled(), of_sources=True)
    names = ("inputs",)
    for name, act, rows in DURING:
        # A new column is computed for new and changed days, and for other days on request.
        asked = ("--days", f"{day(1)}..{day(4)}") if act is _evolved else ()
        yield f"{name} during the run", partial(case.left, FIRST_READ, act, rows, names, asked)
    for name, find, damage in BROKEN:
        broken = _Breaking(find, damage)
        yield name, partial(case.mended, broken.act, broken.mend, names)
