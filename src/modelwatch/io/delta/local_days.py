"""The days of a table's files from its log on a local disk, without Spark."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date

from modelwatch.io.delta.day_files import DayFiles
from modelwatch.io.delta.file_days import MAX_SPAN
from modelwatch.io.delta.log import DeltaLog
from modelwatch.io.delta.snapshot import DataFile, LogUnreadable, local_log, local_snapshot
from modelwatch.model.sources.tables import DaySource

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def local_inventory(log: DeltaLog, version: int, day: DaySource) -> tuple[DayFiles, ...] | None:
    """The files of a version by their days, as in ``Source.inventory``.

    None if only Spark can determine them: the day is not a date column, a file contains many days
    or has no statistics, or the log is not on a local disk or has an unsupported format.
    """
    folder = local_log(log.location)
    if folder is None or day.column is None:
        return None
    try:
        snapshot = local_snapshot(folder, version)
    except LogUnreadable:
        return None
    names = {name.lower(): name for name in snapshot.columns}
    name = names.get(day.column.lower(), "")
    if not name or snapshot.columns[name]["type"] != "date":
        return None
    groups: dict[tuple[date, date], list[DataFile]] = defaultdict(list)
    for file in snapshot.files:
        span = _span(file, name)
        if span is None:
            return None
        groups[span].append(file)
    return tuple(_day_files(*span, files) for span, files in groups.items())


def _span(file: DataFile, name: str) -> tuple[date, date] | None:
    if name in file.partition:
        least = greatest = file.partition[name]
    else:
        least, greatest = file.least.get(name), file.greatest.get(name)
    texts = (least, greatest)
    if not all(isinstance(text, str) and _DAY.fullmatch(text) for text in texts):
        return None
    try:
        first, last = (date.fromisoformat(str(text)) for text in texts)
    except ValueError:
        return None
    return (first, last) if (last - first).days <= MAX_SPAN else None


def _day_files(first: date, last: date, files: list[DataFile]) -> DayFiles:
    rows = [file.rows for file in files]
    return DayFiles(
        first,
        last,
        len(files),
        sum(file.size for file in files),
        None if None in rows else sum(row for row in rows if row is not None),
    )
