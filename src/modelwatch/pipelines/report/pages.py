"""The command `modelwatch report`: the result views, read with few queries, as pages."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from modelwatch.io.store.output_tables import RUN_FIRST, no_results
from modelwatch.io.store.result_queries import ResultQueries
from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.config.sensitive import sensitive_columns
from modelwatch.package import VERSION
from modelwatch.pipelines.report.incident_queries import IncidentScope
from modelwatch.pipelines.report.queries import (
    LONGEST_DAYS,
    MOST_INCIDENTS,
    page_queries,
    standing_queries,
)
from modelwatch.report.page import departed_page
from modelwatch.report.pages import pages_of
from modelwatch.report.results import Results, Span
from modelwatch.tables.incidents.incidents import COLUMN_OF_FIELD

CONCURRENT_QUERIES = 4
"""Number of concurrent queries, because planning, which uses one core, takes most of the time of
Spark."""
MOST_TIMELINE_WINDOWS = 60
"""Maximum number of windows of a timeline; with more, timelines use the next longer kind of
window."""
OF_FEATURES = "features-*.html"
"""Files of pages that a later report removes if it no longer contains them."""
OF_INCIDENTS = re.compile(r"incident-([A-Za-z0-9]+)\.html")
"""Files of pages to which messages link, and which later reports therefore keep."""
_Rows = list[dict[str, Any]]


def collected_results(
    results: ResultQueries, config: MonitorConfig
) -> tuple[Span, dict[str, _Rows]]:
    """The rows for the pages by query, and the days that they cover.

    SourceError before the first published run.
    """
    results.require()

    def rows_of(statements: Mapping[str, str]) -> dict[str, _Rows]:
        with ThreadPoolExecutor(max_workers=CONCURRENT_QUERIES) as pool:
            found = pool.map(lambda sql: results.answer(sql).records(), statements.values())
            return dict(zip(statements, found, strict=True))

    standing = rows_of(standing_queries(config))
    if not standing["windows"]:
        raise no_results(config.output, RUN_FIRST)
    span = span_of(config, standing)
    scopes = incident_scopes(standing["incidents"])
    return span, {**standing, **rows_of(page_queries(config, span, scopes))}


def span_of(config: MonitorConfig, standing: Mapping[str, _Rows]) -> Span:
    """The days and windows that the pages show, from the state of the results."""
    as_of = max(row["as_of"] for row in standing["runs"] if row["as_of"] is not None)
    windows = standing["windows"]
    kinds = [spec.name for spec in config.repeating_windows if spec.kind != "trailing"]
    kinds = [kind for kind in kinds if any(row["window_name"] == kind for row in windows)]
    kinds = kinds or [windows[0]["window_name"]]
    short = [row for row in windows if row["window_name"] == kinds[0]]
    last = min(max(row["window_end"] for row in short), as_of - timedelta(days=1))
    first = max(min(row["window_start"] for row in short), last - timedelta(days=LONGEST_DAYS))
    held = {
        kind: [
            row for row in windows if row["window_name"] == kind and row["window_start"] >= first
        ]
        for kind in kinds
    }
    few = [kind for kind in kinds if len(held[kind]) <= MOST_TIMELINE_WINDOWS]
    return Span(
        first,
        last,
        kinds[0],
        few[0] if few else kinds[-1],
        config.binning_reference.name,
        _latest(kinds, windows, last),
        _latest(kinds, standing["labelled"], last),
        _reference_days(standing["reference"]),
    )


def _latest(
    kinds: Sequence[str], windows: Sequence[Mapping[str, Any]], last: date
) -> tuple[str, date, date] | None:
    """The newest complete window of the longest kind that has one."""
    for kind in reversed(kinds):
        over = [row for row in windows if row["window_name"] == kind and row["window_end"] <= last]
        if over:
            newest = max(over, key=lambda row: row["window_start"])
            return kind, newest["window_start"], newest["window_end"]
    return None


def _reference_days(rows: Sequence[Mapping[str, Any]]) -> tuple[date, date] | None:
    return (rows[0]["first"], rows[0]["last"]) if rows else None


def incident_scopes(incidents: Sequence[Mapping[str, Any]]) -> list[IncidentScope]:
    """The scopes of the incidents with pages of their own."""
    names = tuple(IncidentScope.__dataclass_fields__)
    parents = [row for row in incidents if row["parent_id"] is None]
    return [
        IncidentScope(**{name: row[COLUMN_OF_FIELD.get(name, name)] for name in names})
        for row in parents
    ][:MOST_INCIDENTS]


def report(
    results: ResultQueries, config: MonitorConfig, config_path: str, folder: Path
) -> tuple[Path, int]:
    """Write the pages of a monitor's results; the path of the first page and the size of all.

    Replaces pages of earlier reports in the folder. Pages of incidents that the report no longer
    contains become a note; other files are kept. SourceError before the first published run.
    """
    span, rows = collected_results(results, config)
    runs = [row for row in rows["runs"] if row["as_of"] is not None]
    given = Results(
        config.monitor,
        config.description,
        config_path,
        None if config.performance is None else config.performance.task,
        max(row["as_of"] for row in runs),
        datetime.now(timezone.utc),
        VERSION,
        span,
        frozenset(sensitive_columns(config)),
        rows,
    )
    pages = pages_of(given)
    departed = {
        found.group(): departed_page(
            config.monitor,
            found.group(1),
            f"modelwatch incidents {shlex.quote(config_path)} show {found.group(1)}",
        )
        for old in folder.glob("incident-*.html")
        if (found := OF_INCIDENTS.fullmatch(old.name)) and old.name not in pages
    }
    return written_pages({**pages, **departed}, folder)


def written_pages(pages: Mapping[str, str], folder: Path) -> tuple[Path, int]:
    """Write pages to a folder; the path of the first page and the size of all.

    Each file is replaced atomically, so that readers never see half of it. Pages of features that
    only an earlier report had are removed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    size = 0
    for name, text in pages.items():
        data = text.encode("utf-8")
        unfinished = folder / f".{name}.unfinished"
        unfinished.write_bytes(data)
        unfinished.replace(folder / name)
        size += len(data)
    for old in folder.glob(OF_FEATURES):
        if old.name not in pages:
            old.unlink()
    return folder / next(iter(pages)), size
