"""The files of a source table that Python workers can read without Spark, and what they read.

``RequiresSpark``, with a reason, is raised for everything that is not proven to give the same
states. This is decided before any task starts, from the log, the footers, and the settings.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from modelwatch.io.delta.footers import RequiresSpark, RowGroup, footer_of
from modelwatch.io.delta.snapshot import (
    DataFile,
    LogUnreadable,
    Snapshot,
    local_log,
    local_snapshot,
)
from modelwatch.model.config.column_types import INTEGER_TYPES
from modelwatch.spark.sources.file_rows import (
    STRING_FORMS,
    FileColumn,
    FileDays,
    FilePart,
    ValueForm,
)
from modelwatch.stats.day_numbers import day_number

MOST_EXAMINED = 1_000_000
"""Number of columns over all files above which the driver does not read the footers."""
_CONCURRENT_FOOTERS = 8
TYPES_OF_SPARK = {
    "byte": "tinyint",
    "short": "smallint",
    "integer": "int",
    "long": "bigint",
    **{
        name: name
        for name in ("float", "double", "boolean", "string", "date", "timestamp", "timestamp_ntz")
    },
}
"""Spark type by type name of the Delta protocol."""
_PLAIN_METADATA = frozenset({"comment", "delta.invariants", "delta.generationExpression"})
"""Column metadata that readers can ignore, unlike that of char and varchar."""
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_EIGHT_DIGITS = re.compile(r"\d{8}")
_INTEGER = re.compile(r"[+-]?\d{1,18}")


@dataclass(frozen=True)
class RequestedColumn:
    """A column to read, the form of its values, and its Spark type in the rows."""

    name: str
    form: ValueForm
    spark_type: str


def pinned_snapshot(location: str, version: int) -> Snapshot:
    """The files of a table version. Raises RequiresSpark if its log cannot be read here."""
    folder = local_log(location)
    if folder is None:
        raise RequiresSpark("its files are not on a local disk")
    try:
        return local_snapshot(folder, version)
    except LogUnreadable as error:
        raise RequiresSpark(str(error)) from error


@dataclass(frozen=True)
class TableFiles:
    """The files of a table version, and the columns to read from them.

    ``day_column``: the partition column with the day, instead of a column of ``days``; without
    either, all rows have day 0. ``near``: a partition column at most one day apart from the day;
    rows count if its value is in one of ``near_days``, which are ranges of days.
    """

    snapshot: Snapshot
    requested: tuple[RequestedColumn, ...]
    days: FileDays
    day_column: str | None = None
    near: str | None = None
    near_days: tuple[tuple[int, int], ...] = ()

    def columns(self) -> tuple[FileColumn, ...]:
        """The file column of each requested column. Raises as ``check_field`` if it is nested."""
        known, found, constants = self.snapshot.columns, [], 0
        for one in self.requested:
            field = known.get(one.name)
            if field is None:
                raise RequiresSpark(f"the column {one.name!r} is nested")
            check_field(one, field)
            if one.name in self._partitions:
                found.append(FileColumn(one.form, constant=constants))
                constants += 1
            else:
                found.append(FileColumn(one.form, one.name))
        return tuple(found)

    def parts(self) -> list[FilePart]:
        """The row groups that may have wanted rows, in the order of their days."""
        chosen = [(file, day) for file in self.snapshot.files for day in self._day_of(file)]
        if len(chosen) * len(self.snapshot.columns) > MOST_EXAMINED:
            raise RequiresSpark(f"the footers of {len(chosen)} files are too many to be read first")
        with ThreadPoolExecutor(max_workers=_CONCURRENT_FOOTERS) as pool:
            groups = list(pool.map(self._groups, (file for file, _ in chosen)))
        parts = [
            (
                group.least or 0 if day is None else day,
                FilePart(str(self._path(file)), (group.at,), group.rows, day, self._values(file)),
            )
            for (file, day), held in zip(chosen, groups, strict=True)
            for group in held
        ]
        return [part for _, part in sorted(parts, key=lambda p: (p[0], p[1].path, p[1].row_groups))]

    @property
    def _partitions(self) -> frozenset[str]:
        return frozenset(self.snapshot.metadata.get("partitionColumns") or ())

    def _path(self, file: DataFile) -> Path:
        return self.snapshot.folder / unquote(file.path)

    def _day_of(self, file: DataFile) -> list[int | None]:
        """The day of a file, or None if its rows have days; empty if no day of it is wanted."""
        wanted = self.days.wanted
        if self.near is not None and wanted is not None:
            near = spelled_day(file.partition.get(self.near))
            if near is None or not any(a - 1 <= near <= b + 1 for a, b in self.near_days):
                return []
        if self.day_column is not None:
            day = spelled_day(file.partition.get(self.day_column))
            return [day] if day is not None and self._wants(day, day) else []
        if self.days.column is None:
            return [0]
        return [None] if self._may_hold_days(file) else []

    def _may_hold_days(self, file: DataFile) -> bool:
        """Whether a file may have rows of a wanted day, by its statistics in the log, in which
        timestamps are strings in UTC."""
        name, wanted = str(self.days.column), self.days.wanted
        ends = [str(end.get(name))[:10] for end in (file.least, file.greatest)]
        if wanted is None or not all(_ISO_DAY.fullmatch(end) for end in ends):
            return True
        least, greatest = (spelled_day(end) for end in ends)
        if least is None or greatest is None:
            return True
        return self._wants(least - self._margin, greatest + self._margin)

    def _wants(self, first: int, last: int) -> bool:
        """Whether any day of a range is wanted."""
        wanted = self.days.wanted
        if wanted is None:
            return True
        at = bisect_left(wanted, first)
        return at < len(wanted) and wanted[at] <= last

    def _values(self, file: DataFile) -> tuple[str | float | int | None, ...]:
        return tuple(
            _partition_value(file.partition.get(one.name), one)
            for one in self.requested
            if one.name in self._partitions
        )

    def _groups(self, file: DataFile) -> list[RowGroup]:
        """The row groups of a file that may have wanted rows. Raises as ``footer_of``."""
        days, known = self.days, self.snapshot.columns
        read = {one.name: one.spark_type for one in self.requested}
        if days.column is not None:
            read[days.column] = TYPES_OF_SPARK[known[days.column]["type"]]
        stored = {name: kind for name, kind in read.items() if name not in self._partitions}
        groups = footer_of(self._path(file), stored).groups(days.column)
        return [group for group in groups if group.rows and self._may_hold(group)]

    def _may_hold(self, group: RowGroup) -> bool:
        if group.least is None or group.greatest is None:
            return True
        return self._wants(group.least - self._margin, group.greatest + self._margin)

    @property
    def _margin(self) -> int:
        """Maximum difference in days between a time zone and UTC, plus a margin of one."""
        return 0 if self.days.form == "day" else 2


def spelled_day(text: str | None) -> int | None:
    """The day of a partition value; None for null and for an invalid date.

    Raises RequiresSpark for a string that Spark may parse as a day differently.
    """
    if not text:
        return None
    if _EIGHT_DIGITS.fullmatch(text):
        text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    if not _ISO_DAY.fullmatch(text):
        raise RequiresSpark(f"a partition spells its day as {text!r}")
    try:
        return day_number(date.fromisoformat(text))
    except ValueError:
        return None


def dealt_parts(parts: Sequence[FilePart], tasks: int) -> list[list[FilePart]]:
    """The parts divided among at most ``tasks`` tasks with similar numbers of rows, in order.
    Consecutive row groups of a file in one task become one part."""
    total = sum(part.rows for part in parts)
    dealt: list[list[FilePart]] = []
    rows = 0
    for part in parts:
        if not dealt or (rows >= total * len(dealt) / tasks and len(dealt) < tasks):
            dealt.append([])
        last = dealt[-1][-1] if dealt[-1] else None
        if last is not None and last.path == part.path:
            groups = (*last.row_groups, *part.row_groups)
            dealt[-1][-1] = replace(last, row_groups=groups, rows=last.rows + part.rows)
        else:
            dealt[-1].append(part)
        rows += part.rows
    return dealt


def check_field(asked: RequestedColumn, field: Mapping[str, Any]) -> None:
    """Raises RequiresSpark if the type of a column in the JSON schema differs from that of rows."""
    kind = field["type"] if isinstance(field["type"], str) else "nested"
    if TYPES_OF_SPARK.get(kind) != asked.spark_type:
        raise RequiresSpark(
            f"the column {asked.name!r} is of type {kind}, read as {asked.spark_type}"
        )
    others = sorted(set(field.get("metadata") or ()) - _PLAIN_METADATA)
    if others:
        raise RequiresSpark(f"the column {asked.name!r} has the metadata {', '.join(others)}")


def _partition_value(text: str | None, asked: RequestedColumn) -> str | float | int | None:
    """A partition value in a form. The protocol also stores null as an empty string."""
    if not text:
        return None
    kind, form = asked.spark_type, asked.form
    if kind == "string" and form in STRING_FORMS:
        return text
    if kind == "boolean" and text.lower() in ("true", "false"):
        return text.lower() if form in STRING_FORMS else float(text.lower() == "true")
    if kind in INTEGER_TYPES and _INTEGER.fullmatch(text):
        return (
            str(int(text)) if form in STRING_FORMS else int(text) if form == "long" else float(text)
        )
    if kind == "date" and form == "day":
        day = spelled_day(text)
        return None if day is None else float(day)
    raise RequiresSpark(f"the column {asked.name!r} is a partition of type {kind}")
