"""New rows since the last day's run that belong to no window, by table."""

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
from modelwatch.pipelines.sources.frames import CONCURRENT_TABLES, Sources


def rows_outside_windows(
    sources: Sources, history: RunHistory, changes: Iterable[SourceChange], as_of: date
) -> tuple[HealthRow, ...]:
    """Rows of source health about new rows in each table with days.

    Since the version that the newest run as of an earlier day read, so that runs as of the same day
    count the same new rows. References and foreign sets are not checked.
    """
    present: Mapping[str, Collection[date]] = {
        change.role: change.present or () for change in changes
    }
    opened = [sources.opened[role] for role in daily_roles(sources)]

    def arrived(source: Source) -> Arrived:
        return arrived_rows(source, _version_before(source, history, as_of), as_of)

    with ThreadPoolExecutor(max_workers=CONCURRENT_TABLES) as pool:
        found = list(pool.map(arrived, opened))
    threshold = sources.config.source_health.outside_windows
    return tuple(
        row
        for one in found
        for row in outside_rows(one, present.get(one.role, ()), as_of, threshold)
    )


def daily_roles(sources: Sources) -> tuple[str, ...]:
    """The roles of the tables whose rows arrive day by day."""
    return tuple(
        role
        for role, source in sources.opened.items()
        if source.day is not None and not role.startswith(("reference:", "set:"))
    )


def has_new_failures(sources: Sources, history: RunHistory, rows: Iterable[HealthRow]) -> bool:
    """Whether rows that matter arrived in a version that no run has read."""
    for role in {row.role for row in rows if row.verdict == "fail"}:
        source = sources.opened[role]
        read = history.source(role, str(source.address))
        if read is None or read["version"] != source.version:
            return True
    return False


def _version_before(source: Source, history: RunHistory, as_of: date) -> int | None:
    table = str(source.address)
    version = history.version_before(source.role, table, as_of)
    if version is None or source.is_another(version, history.table_id(source.role, table)):
        return None
    return version
