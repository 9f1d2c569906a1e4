"""All pages of a report, by file."""

from __future__ import annotations

from modelwatch.model.incidents.metric_labels import subject_words
from modelwatch.report.feature_pages import MOST_SHOWN, feature_pages, features_index, several_body
from modelwatch.report.features import features_body, features_of
from modelwatch.report.incident_facts import incidents_of
from modelwatch.report.incidents import incident_body
from modelwatch.report.number_format import day_text, span_text
from modelwatch.report.overview import overview_body
from modelwatch.report.page import Frame, page
from modelwatch.report.performance import performance_body
from modelwatch.report.results import Results
from modelwatch.report.sources import sources_body

MOST_INCIDENT_PAGES = 40


def pages_of(results: Results) -> dict[str, str]:
    """The text of each file of a report; the first one is the start page."""
    frame = _frame(results)
    incidents = incidents_of(results, MOST_INCIDENT_PAGES)
    features = features_of(results)
    few = features if len(features) <= MOST_SHOWN else ()
    together = page(frame, "features.html", "Features", *features_body(few, results))
    pages = feature_pages(features, len(together.encode()))
    found = {
        "index.html": page(
            frame, "index.html", "Overview", *overview_body(results, incidents, pages.links)
        ),
        "features.html": together
        if pages.together
        else page(frame, "features.html", "Features", *features_index(pages, results)),
        "performance.html": page(
            frame, "performance.html", "Performance", *performance_body(results)
        ),
        "sources.html": page(frame, "sources.html", "Sources", *sources_body(results)),
    }
    for file, positions in pages.several.items():
        title = f"Features {positions[0] + 1} to {positions[-1] + 1}"
        found[file] = page(frame, file, title, *several_body(pages, positions, results))
    for facts in incidents:
        title = f"Incident: {subject_words(facts.incident)}"
        found[facts.file] = page(frame, facts.file, title, *incident_body(facts, results))
    return found


def _frame(results: Results) -> Frame:
    span = results.span
    return Frame(
        results.monitor,
        results.description,
        f"As of {day_text(results.as_of)}. Days shown: {span_text(span.first, span.last)}.",
        f"Written by modelwatch {results.code_version} on "
        f"{results.made_at:%Y-%m-%d at %H:%M %Z}.".replace(" .", "."),
    )
