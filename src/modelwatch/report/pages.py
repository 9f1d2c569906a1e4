"""All pages of a report, by file."""

from __future__ import annotations

from modelwatch.model.figure_words import subject_words
from modelwatch.report.features import (
    MOST_PAGE_BYTES,
    FeatureFacts,
    feature_file,
    feature_links,
    feature_part,
    features_body,
    features_index,
    features_of,
    side_names,
)
from modelwatch.report.figures import day_told, days_told
from modelwatch.report.incident_facts import incidents_of
from modelwatch.report.incidents import incident_body, side_legend
from modelwatch.report.overview import overview_body
from modelwatch.report.page import Frame, page
from modelwatch.report.performance import performance_body
from modelwatch.report.results import Results
from modelwatch.report.sources import sources_body

MOST_INCIDENT_PAGES = 40


def pages_of(results: Results) -> dict[str, str]:
    """The files of a report and their text; the first is where a reader begins."""
    frame = _frame(results)
    incidents = incidents_of(results, MOST_INCIDENT_PAGES)
    features = features_of(results)
    together = page(frame, "features.html", "Features", *features_body(features, results))
    apart = len(together.encode()) > MOST_PAGE_BYTES
    links = feature_links(features, apart)
    found = {
        "index.html": page(
            frame, "index.html", "Overview", *overview_body(results, incidents, links)
        ),
        "features.html": page(
            frame, "features.html", "Features", *features_index(features, results)
        )
        if apart
        else together,
        "performance.html": page(
            frame, "performance.html", "Performance", *performance_body(results)
        ),
        "sources.html": page(frame, "sources.html", "Sources", *sources_body(results)),
    }
    if apart:
        for at, one in enumerate(features):
            found[feature_file(at)] = _feature_page(frame, results, one, at)
    for facts in incidents:
        title = f"Incident: {subject_words(facts.incident)}"
        found[facts.file] = page(frame, facts.file, title, *incident_body(facts, results))
    return found


def _feature_page(frame: Frame, results: Results, facts: FeatureFacts, at: int) -> str:
    legend = side_legend(side_names(results))
    return page(frame, feature_file(at), facts.name, legend, feature_part(facts, results, at))


def _frame(results: Results) -> Frame:
    span = results.span
    return Frame(
        results.monitor,
        results.description,
        f"As of {day_told(results.as_of)}. Days shown: {days_told(span.first, span.last)}.",
        f"Written by modelwatch {results.code_version} on "
        f"{results.made_at:%Y-%m-%d at %H:%M %Z}.".replace(" .", "."),
    )
