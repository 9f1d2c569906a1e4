"""The rows that arrived since the last day's run and belong to no window, table by table."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date

from modelwatch.io.delta.arrived_rows import arrived_rows
from modelwatch.io.delta.sources import Source
from modelwatch.model.planning.outside_windows import Arrived, outside_rows
from modelwatch.model.sources.change import SourceChange
from modelwatch.model.sources.health import HealthRow
from modelwatch.pipelines.runs.history import RunHistory
from modelwatch.pipelines.sources.frames import TABLES_AT_ONCE, Sources


def rows_outside_windows(
    sources: Sources, history: RunHistory, changes: Iterable[SourceChange], as_of: date
) -> tuple[HealthRow, ...]:
    """Rows of source health on what arrived in each table that has days.

    Since the version that the newest run as of an earlier day read, so that runs as of one day
    count all that arrived on it. References and tables of values are not looked at.
    """
    present: Mapping[str, Collection[date]] = {
        change.role: change.present or () for change in changes
    }
    opened = [sources.opened[role] for role in watched_roles(sources)]

    def arrived(source: Source) -> Arrived:
        return arrived_rows(source, _since(source, history, as_of), as_of)

    with ThreadPoolExecutor(max_workers=TABLES_AT_ONCE) as at_once:
        found = list(at_once.map(arrived, opened))
    threshold = sources.config.source_health.outside_windows
    return tuple(
        row
        for one in found
        for row in outside_rows(one, present.get(one.role, ()), as_of, threshold)
    )


def watched_roles(sources: Sources) -> tuple[str, ...]:
    """The roles of the tables whose rows arrive day by day."""
    return tuple(
        role
        for role, source in sources.opened.items()
        if source.day is not None and not role.startswith(("reference:", "set:"))
    )


def is_news(sources: Sources, history: RunHistory, rows: Iterable[HealthRow]) -> bool:
    """Whether rows that matter arrived in a version that no run has read."""
    for role in {row.role for row in rows if row.verdict == "fail"}:
        source = sources.opened[role]
        read = history.source(role, str(source.address))
        if read is None or read["version"] != source.version:
            return True
    return False


def _since(source: Source, history: RunHistory, as_of: date) -> int | None:
    table = str(source.address)
    version = history.version_before(source.role, table, as_of)
    if version is None or source.is_another(version, history.table_id(source.role, table)):
        return None
    return version
