"""Incidents as cards of the overview, and as pages of their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from modelwatch.model.incidents.incident import Incident
from modelwatch.model.incidents.metric_labels import change_words, subject_words, where_words
from modelwatch.model.incidents.narrative import EVENT_WORDS, KIND_WORDS, UNDETERMINED_WORDS
from modelwatch.model.plain_text import one_line, plain_text
from modelwatch.report.figures import (
    capital,
    day_text,
    percent,
    plural,
    short_count,
    span_text,
    three_digits,
    times,
)
from modelwatch.report.histogram_pictures import distribution_picture
from modelwatch.report.incident_facts import IncidentFacts, figure_label
from modelwatch.report.markup import Content, Markup, element, with_code
from modelwatch.report.page import section
from modelwatch.report.results import Results
from modelwatch.report.tables_of_values import scrolled, table
from modelwatch.report.timelines import sparkline, timeline_picture, timeline_table

_MOST_LISTED = 25


def tag(text: str, look: str) -> Markup:
    """A short word in a frame: 'bad', 'warn', 'good' or 'none'."""
    return element("span", text, class_=f"tag {look}")


def severity_tag(incident: Incident) -> Markup:
    """How urgent an incident is, in a word."""
    if not incident.is_open:
        return tag("closed", "none")
    if incident.muted_until is not None:
        return tag(f"muted until {day_text(incident.muted_until)}", "none")
    if incident.acknowledged_at is not None:
        by = f" by {one_line(incident.acknowledged_by)}" if incident.acknowledged_by else ""
        return tag(f"acknowledged{by}", "none")
    return tag("failing", "bad") if incident.severity == "fail" else tag("warning", "warn")


def kind_text(incident: Incident) -> tuple[str | None, str | None]:
    """What an incident likely is, with how sure that is, and what to check."""
    if incident.kind is None:
        return None, None
    if incident.kind not in KIND_WORDS:
        return UNDETERMINED_WORDS
    called, look = KIND_WORDS[incident.kind]
    sure = f" ({percent(incident.confidence)} sure)" if incident.confidence is not None else ""
    return f"{called}{sure}", look


def incident_card(facts: IncidentFacts, config_path: str) -> Markup:
    """An open incident in brief: what, since when, likely why, what to check."""
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
            element("p", _change(one), "."),
            _facts_list(facts),
        ),
        element(
            "div",
            sparkline(facts.series),
            element("p", _caption(facts), class_="note"),
        ),
        _evidence(one, config_path),
        class_=f"card inc {one.severity if one.is_open else ''}".rstrip(),
    )


def _change(incident: Incident) -> Content:
    return with_code(one_line(f"{change_words(incident)}{where_words(incident)}"))


def _sentence(incident: Incident) -> Content:
    return with_code(one_line(incident.sentence)) if incident.sentence else _change(incident)


def _heading(incident: Incident) -> str:
    return one_line(subject_words(incident))


def _caption(facts: IncidentFacts) -> str:
    one = facts.incident
    known = [p for p in facts.series.lines[0].points if p.value is not None]
    if not known:
        return ""
    shown = f"{capital(figure_label(one.figure, one.subject))} by {one.window}"
    end = f", {span_text(known[0].day, known[-1].day)}"
    return f"{shown}{end}" + (f"; threshold {three_digits(one.threshold)}" if one.threshold else "")


def _facts_list(facts: IncidentFacts) -> Markup:
    one = facts.incident
    kind, check = kind_text(one)
    windows = plural(one.failing_windows, one.window)
    pairs: list[tuple[str, Content]] = [("Since", f"{_since(one)} ({windows})")]
    if kind is not None:
        pairs.append(("Likely", kind))
        pairs.append(("Check", with_code(check or "")))
    if one.carrier_column is not None and one.carrier_value is not None:
        pairs.append(("Where", _carrier(one)))
    elif one.spread == "everywhere":
        pairs.append(("Where", "everywhere: no value of another column explains it"))
    others = dict.fromkeys(subject_words(child) for child in facts.children)
    others.pop(subject_words(one), None)
    if others:
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        pairs.append(("Also affected", f"{', '.join(list(others)[:3])}{more}"))
    return definitions(pairs)


def definitions(pairs: Sequence[tuple[str, Content]]) -> Markup:
    """Names with what they say."""
    return element("dl", [[element("dt", name), element("dd", said)] for name, said in pairs])


def _since(incident: Incident) -> str:
    # As in its sentence: the day on which the change is located, where it is one.
    located = incident.since_lower is not None and incident.since_lower == incident.since_upper
    first = incident.since_lower if located and incident.since_lower else incident.since
    if incident.is_open:
        return day_text(first)
    return span_text(first, max(incident.last_failing, first))


def _carrier(incident: Incident) -> str:
    shares = ""
    if incident.carrier_changed_share is not None and incident.carrier_row_share is not None:
        changed, rows = incident.carrier_changed_share, incident.carrier_row_share
        shares = f": {percent(changed)} of the changed rows, {percent(rows)} of all"
    return one_line(f"{incident.carrier_column} = {incident.carrier_value}{shares}")


def _evidence(incident: Incident, config_path: str) -> Markup | None:
    if incident.query is None:
        return None
    return element(
        "details",
        element("summary", "Query and commands"),
        element("pre", element("code", plain_text(incident.query).strip()), class_="copy"),
        element("pre", element("code", _commands(incident, config_path)), class_="copy"),
    )


def _commands(incident: Incident, config_path: str) -> str:
    said = f"modelwatch incidents {config_path}"
    return "\n".join(
        f"{said} {what} {incident.id}" for what in ("acknowledge", "false-alarm", "show")
    )


def incident_body(facts: IncidentFacts, results: Results) -> list[Content]:
    """The page of an incident, below its head."""
    one = facts.incident
    names = (
        f"{span_text(*_before(one))} (before)",
        f"{span_text(one.worst_start, one.worst_end)} (worst)",
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
        hidden = "The column is sensitive: its values are not shown."
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
            scrolled(timeline_picture(facts.series, 190), facts.series.title),
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
    since = incident.since.toordinal()
    return date.fromordinal(since - 28), date.fromordinal(since - 1)


def side_legend(names: tuple[str, str]) -> Markup:
    """Which look is which side."""
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
    parts = ["The shaded days are those of the incident."]
    if shown.threshold is not None:
        parts.append(f"Dotted: the threshold, {three_digits(shown.threshold)}.")
    if any(bound is not None for bound in shown.bounds):
        parts.append("Dotted: the bounds of the constraint.")
    if shown.chance is not None:
        typical = three_digits(shown.chance)
        parts.append(f"Gray: the variation of single days of the reference, {typical}.")
    if len(shown.lines) > 1:
        parts.append("Dashed: the estimate without labels.")
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
    head = ["Segment", figure_label(facts.incident.figure, ""), "Threshold", "Rows"]
    days = span_text(facts.incident.worst_start, facts.incident.worst_end)
    return section(
        "Segments",
        element("p", f"The same metric by segment on {days}, largest first.", class_="mute"),
        scrolled(table(head, rows), "Metric by segment"),
    )


def _children(facts: IncidentFacts) -> Markup | None:
    rows: list[list[Content]] = [
        [
            subject_words(one),
            figure_label(one.figure, one.subject),
            times(one.effect),
            day_text(one.since),
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
        scrolled(table(head, rows, figures=(2,)), "Also affected"),
        element("p", f"{left} more.", class_="note") if left > 0 else None,
    )


def _history(facts: IncidentFacts) -> Markup | None:
    rows: list[list[Content]] = [
        [
            row["day"].isoformat() if row["day"] else "",
            EVENT_WORDS.get(row["event"], row["event"]),
            one_line(row["by"] or "modelwatch"),
            one_line(row["detail"] or ""),
        ]
        for row in facts.history[:_MOST_LISTED]
    ]
    if not rows:
        return None
    head = ["Day", "What happened", "By", "Detail"]
    return section("History", scrolled(table(head, rows, figures=()), "History"))


def closed_table(facts: Sequence[IncidentFacts], label: str) -> Markup | None:
    """Closed incidents, in a line each; ``label`` names the table."""
    rows: list[list[Content]] = [
        [
            _since(one.incident),
            element("a", _heading(one.incident), href=one.file),
            _change(one.incident),
            kind_text(one.incident)[0] or "",
        ]
        for one in facts
    ]
    if not rows:
        return None
    return scrolled(table(["When", "What", "Change", "Likely"], rows, figures=()), label)
