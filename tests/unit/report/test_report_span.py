"""Which days and windows a report covers, and what it asks of the results."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from hostile import HOSTILE
from modelwatch.pipelines.report.pages import incident_scopes, span_of, written_pages
from modelwatch.pipelines.report.queries import page_queries, standing_queries
from monitored import TWO_TABLES, monitor
from report_results import incident

FIRST = date(2024, 1, 1)
DAY = timedelta(days=1)


def standing(days: int, labelled: date | None = None) -> dict[str, list[dict[str, Any]]]:
    """Where the results of some days stand, with weeks beside them."""
    windows = [
        {"window_name": "day", "window_start": FIRST + n * DAY, "window_end": FIRST + n * DAY}
        for n in range(days)
    ]
    windows += [
        {
            "window_name": "week",
            "window_start": FIRST + n * DAY,
            "window_end": FIRST + (n + 6) * DAY,
        }
        for n in range(0, days, 7)
    ]
    return {
        "runs": [{"as_of": FIRST + days * DAY}],
        "windows": windows,
        "reference": [{"first": FIRST, "last": FIRST + 27 * DAY}],
        "labelled": [row for row in windows if labelled and row["window_end"] <= labelled],
    }


CONFIG = monitor(TWO_TABLES, windows=["day", "week"])


def test_timelines_show_days_while_there_are_few() -> None:
    assert span_of(CONFIG, standing(40)).timeline == "day"
    assert span_of(CONFIG, standing(90)).timeline == "week"


def test_histograms_are_of_the_newest_complete_week() -> None:
    span = span_of(CONFIG, standing(25))
    assert span.last == FIRST + 24 * DAY
    assert span.current == ("week", FIRST + 14 * DAY, FIRST + 20 * DAY)


def test_scores_are_of_the_newest_week_whose_labels_tell() -> None:
    span = span_of(CONFIG, standing(40, labelled=FIRST + 15 * DAY))
    assert span.labelled == ("week", FIRST + 7 * DAY, FIRST + 13 * DAY)
    assert span_of(CONFIG, standing(40)).labelled is None


def test_a_report_goes_back_400_days() -> None:
    span = span_of(CONFIG, standing(900))
    assert (span.last - span.first).days == 400


@pytest.mark.parametrize("attack", HOSTILE)
def test_a_hostile_name_stays_in_its_quotes(attack: str) -> None:
    text = HOSTILE[attack][:300]
    scopes = incident_scopes([incident(text, text, text, metric=text, reference=text)])
    span = span_of(CONFIG, standing(40, labelled=FIRST + 15 * DAY))
    queries = {**standing_queries(CONFIG), **page_queries(CONFIG, span, scopes)}
    usual = page_queries(CONFIG, span, incident_scopes([incident("a", "a", "a")]))
    for name, query in queries.items():
        assert "${" not in query
        if name in usual:
            assert without_strings(query) == without_strings(usual[name])


def without_strings(query: str) -> str:
    """A query with each literal of text replaced by one mark, as Spark reads them."""
    kept, at = [], 0
    while at < len(query):
        if query[at] != "'":
            kept.append(query[at])
            at += 1
            continue
        at += 1
        while query[at] != "'":
            at += 2 if query[at] == "\\" else 1
        kept.append("?")
        at += 1
    return "".join(kept)


def test_pages_of_features_that_are_gone_are_removed_and_other_files_stay(tmp_path: Path) -> None:
    written_pages({"index.html": "1", "incident-a.html": "2", "features-1.html": "3"}, tmp_path)
    (tmp_path / "notes.html").write_text("mine")
    first, size = written_pages({"index.html": "äb", "incident-b.html": "c"}, tmp_path)
    assert first == tmp_path / "index.html"
    assert size == 4
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"index.html", "incident-a.html", "incident-b.html", "notes.html"}
