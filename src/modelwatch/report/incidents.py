"""Incidents as cards on the overview, and as pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from modelwatch.model.diagnosis.change_kinds import KIND_WORDS
from modelwatch.model.incidents.incident import Incident
from modelwatch.model.incidents.metric_labels import change_words, subject_words, where_words
from modelwatch.model.incidents.narrative import EVENT_WORDS, UNDETERMINED_WORDS
from modelwatch.model.plain_text import counted, one_line, plain_text
from modelwatch.model.quoted_values import quoted_value
from modelwatch.report.histogram_pictures import distribution_picture
from modelwatch.report.histograms import Categories
from modelwatch.report.incident_facts import IncidentFacts, label_of_metric
from modelwatch.report.markup import Content, Markup, element, with_code
from modelwatch.report.number_format import (
    capital,
    day_text,
    percent,
    short_count,
    span_text,
    three_digits,
    times,
)
from modelwatch.report.page import section
from modelwatch.report.results import Results
from modelwatch.report.tables_of_values import scrolled, table
from modelwatch.report.timelines import sparkline, timeline_picture, timeline_table
from modelwatch.stats.drift.change import FREQUENT, missing_parts

_MOST_LISTED = 25


def tag(text: str, css_class: str) -> Markup:
    """A short word in a frame: 'bad', 'warn', 'good', or 'none'."""
    return element("span", text, class_=f"tag {css_class}")


def severity_tag(incident: Incident) -> Markup:
    """The state of an incident in a word."""
    if not incident.is_open:
        return tag("closed", "none")
    if incident.muted_until is not None:
        return tag(f"muted until {day_text(incident.muted_until)}", "none")
    if incident.acknowledged_at is not None:
        by = f" by {one_line(incident.acknowledged_by)}" if incident.acknowledged_by else ""
        return tag(f"acknowledged{by}", "none")
    return tag("failing", "bad") if incident.severity == "fail" else tag("warning", "warn")


def kind_text(incident: Incident) -> tuple[str | None, str | None]:
    """The likely kind of an incident with its confidence, and what to check."""
    if incident.kind is None:
        return None, None
    if incident.kind not in KIND_WORDS:
        return UNDETERMINED_WORDS
    called, check = KIND_WORDS[incident.kind]
    sure = f" ({percent(incident.confidence)} sure)" if incident.confidence is not None else ""
    return f"{called}{sure}", check


def incident_card(facts: IncidentFacts, config_path: str) -> Markup:
    """An open incident in brief: the change, its onset, its likely kind, and what to check."""
    one = facts.incident
    return element(
        "article",
        element(
            "div",
            element(
                "h3",
                severity_tag(one),
                element("a", _heading(one), href=facts.file),
            ),
            element("p", _change(one, _fallen(facts)), "."),
            _facts_list(facts),
        ),
        element(
            "div",
            sparkline(facts.series),
            element("p", _caption(facts), class_="note"),
        ),
        element(
            "details",
            element("summary", "Query and commands"),
            _evidence(one, config_path),
        ),
        class_=f"card inc {one.severity if one.is_open else ''}".rstrip(),
    )


def _fallen(facts: IncidentFacts) -> str | None:
    """The value that lost the largest share of its rows, as in the sentence."""
    held = facts.distributions
    if not isinstance(held, Categories):
        return None
    now, before = (np.array([side]) for side in (held.current, held.reference))
    looked_at = (before[0] >= FREQUENT) & ~np.array(held.special)
    lost = np.where(looked_at, missing_parts(now, before)[0], 0.0)
    at = int(np.argmax(lost))
    return quoted_value(held.labels[at], held.labels) if lost[at] > 0 else None


def _change(incident: Incident, fallen: str | None = None) -> Content:
    return with_code(one_line(f"{change_words(incident, fallen)}{where_words(incident)}"))


def _sentence(incident: Incident) -> Content:
    return with_code(one_line(incident.sentence)) if incident.sentence else _change(incident)


def _heading(incident: Incident) -> str:
    return one_line(subject_words(incident))


def _caption(facts: IncidentFacts) -> str:
    one = facts.incident
    known = [p for p in facts.series.lines[0].points if p.value is not None]
    if not known:
        return ""
    shown = f"{capital(label_of_metric(one.metric, one.subject))} by {one.window}"
    end = f", {span_text(known[0].day, known[-1].day)}"
    return f"{shown}{end}" + (f"; threshold {three_digits(one.threshold)}" if one.threshold else "")


def _facts_list(facts: IncidentFacts) -> Markup:
    one = facts.incident
    kind, check = kind_text(one)
    windows = counted(one.failing_windows, one.window)
    pairs: list[tuple[str, Content]] = [("Since", f"{_duration_text(one)} ({windows} failed)")]
    if kind is not None:
        pairs.append(("Likely", kind))
        pairs.append(("Check", with_code(check or "")))
    if one.carrier_column is not None and one.carrier_value is not None:
        pairs.append(("Where", _carrier(one)))
    elif one.spread == "everywhere":
        pairs.append(("Where", "in all segments: no value of another column explains it"))
    others = dict.fromkeys(subject_words(child) for child in facts.children)
    others.pop(subject_words(one), None)
    if others:
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        pairs.append(("Also affected", f"{', '.join(list(others)[:3])}{more}"))
    return definitions(pairs)


def definitions(pairs: Sequence[tuple[str, Content]]) -> Markup:
    """A definition list."""
    return element("dl", [[element("dt", name), element("dd", content)] for name, content in pairs])


def _duration_text(incident: Incident) -> str:
    # As in the sentence: the day on which the change was located, if it was.
    located = incident.onset_lower is not None and incident.onset_lower == incident.onset_upper
    first = incident.onset_lower if located and incident.onset_lower else incident.onset
    if incident.is_open:
        return day_text(first)
    return span_text(first, max(incident.last_failing, first))


def _carrier(incident: Incident) -> str:
    shares = ""
    if incident.carrier_changed_share is not None and incident.carrier_row_share is not None:
        changed, rows = incident.carrier_changed_share, incident.carrier_row_share
        shares = f": {percent(changed)} of the changed rows, {percent(rows)} of all"
    return one_line(f"{incident.carrier_column} = {incident.carrier_value}{shares}")


def _evidence(incident: Incident, config_path: str) -> Content:
    """The query that shows the evidence, and commands, to copy."""
    query = plain_text(incident.query).strip() if incident.query is not None else None
    return [
        element("pre", element("code", query), class_="copy") if query else None,
        element("pre", element("code", _commands(incident, config_path)), class_="copy"),
    ]


def _commands(incident: Incident, config_path: str) -> str:
    content = f"modelwatch incidents {config_path}"
    answers = ("acknowledge", "false-alarm") if incident.is_open else ()
    return "\n".join(f"{content} {what} {incident.id}" for what in (*answers, "show"))


def incident_body(facts: IncidentFacts, results: Results) -> list[Content]:
    """The page of an incident, below its header."""
    one = facts.incident
    names = (
        f"{span_text(*_before(one))} (before)",
        f"{span_text(one.worst_start, one.worst_end)} (worst window)",
    )
    distributions: Content = None
    if facts.distributions is not None:
        distributions = [
            side_legend(names),
            distribution_picture(
                facts.distributions,
                names,
                f"{one.subject}: distribution before and in the worst window",
            ),
        ]
    elif results.is_sensitive(one.subject):
        hidden = "Values are not shown, because the column is sensitive."
        distributions = element("p", hidden, class_="note")
    return [
        element(
            "div",
            element("p", severity_tag(one), _sentence(one)),
            _facts_list(facts),
            element("p", "Evidence: ", with_code(one_line(one.evidence))) if one.evidence else None,
            class_="card top",
        ),
        section(
            "Metric over time",
            scrolled(timeline_picture(facts.series, 190), facts.series.title, newest=True),
            element("p", _series_note(facts), class_="note"),
            timeline_table(facts.series, 40),
        )
        if facts.series.lines[0].points
        else None,
        section("Before and after", element("div", distributions, class_="half"))
        if distributions is not None
        else None,
        _segments(facts),
        _children(facts),
        _history(facts),
        section("Query and commands", _evidence(one, results.config_path)),
    ]


def _before(incident: Incident) -> tuple[date, date]:
    onset = incident.onset.toordinal()
    return date.fromordinal(onset - 28), date.fromordinal(onset - 1)


def side_legend(names: tuple[str, str]) -> Markup:
    """The legend of the two sides."""
    return element(
        "p",
        element("span", class_="key refkey"),
        names[0],
        element("span", class_="key main"),
        names[1],
        class_="legend full",
    )


def _series_note(facts: IncidentFacts) -> str:
    shown = facts.series
    parts = ["Shaded: the days of the incident."]
    if shown.threshold is not None:
        parts.append(f"Dotted: the threshold, {three_digits(shown.threshold)}.")
    if any(bound is not None for bound in shown.bounds):
        parts.append("Dotted: the bounds of the constraint.")
    if shown.chance is not None:
        typical = three_digits(shown.chance)
        parts.append(f"Gray: the usual variation between days of the reference, {typical}.")
    if len(shown.lines) > 1:
        parts.append("Dashed: estimated without labels.")
    return " ".join(parts)


def _segments(facts: IncidentFacts) -> Markup | None:
    rows: list[list[Content]] = [
        [
            "all traffic" if one.segmentation == "all" else f"{one.segmentation} = {one.segment}",
            three_digits(one.value),
            times(
                abs(one.value) / one.threshold if one.value is not None and one.threshold else None
            ),
            short_count(one.rows),
        ]
        for one in facts.segments[:_MOST_LISTED]
    ]
    if not rows:
        return None
    head = ["Segment", label_of_metric(facts.incident.metric, ""), "Times threshold", "Rows"]
    days = span_text(facts.incident.worst_start, facts.incident.worst_end)
    return section(
        "Segments",
        element("p", f"The same metric by segment, {days}, largest first.", class_="mute"),
        scrolled(table(head, rows), "Metric by segment"),
    )


def _children(facts: IncidentFacts) -> Markup | None:
    rows: list[list[Content]] = [
        [
            subject_words(one),
            label_of_metric(one.metric, one.subject),
            times(one.effect),
            day_text(one.onset),
            one.state,
        ]
        for one in facts.children[:_MOST_LISTED]
    ]
    if not rows:
        return None
    head = ["What", "Metric", "Largest effect", "Since", "State"]
    left = len(facts.children) - len(rows)
    return section(
        "Also affected",
        scrolled(table(head, rows, numeric_columns=(2,)), "Also affected"),
        element("p", f"{left} more.", class_="note") if left > 0 else None,
    )


def _history(facts: IncidentFacts) -> Markup | None:
    rows: list[list[Content]] = [
        [
            day_text(row["day"]) if row["day"] else "",
            EVENT_WORDS.get(row["event"], row["event"]),
            one_line(row["responded_by"] or "modelwatch"),
            one_line(row["detail"] or ""),
        ]
        for row in facts.history[:_MOST_LISTED]
    ]
    if not rows:
        return None
    head = ["Day", "What happened", "By", "Detail"]
    return section("History", scrolled(table(head, rows, numeric_columns=()), "History"))


def closed_table(facts: Sequence[IncidentFacts], label: str) -> Markup | None:
    """Closed incidents, one row each; ``label`` names the table."""
    rows: list[list[Content]] = [
        [
            _duration_text(one.incident),
            element("a", _heading(one.incident), href=one.file),
            _change(one.incident),
            kind_text(one.incident)[0] or "",
        ]
        for one in facts
    ]
    if not rows:
        return None
    return scrolled(table(["When", "What", "Change", "Likely"], rows, numeric_columns=()), label)
