"""Incidents as cards of the overview, and as pages of their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from modelwatch.model.change_kinds import UNDETERMINED
from modelwatch.model.figure_words import figure_words, subject_words
from modelwatch.model.incident import Incident
from modelwatch.model.plain_words import one_line, plain_text
from modelwatch.model.signposts import incident_page
from modelwatch.model.telling import KIND_WORDS
from modelwatch.report.figures import (
    capital,
    day_told,
    days_told,
    percent,
    plural,
    short_count,
    three_digits,
    times,
)
from modelwatch.report.histogram_pictures import distribution_picture
from modelwatch.report.incident_facts import IncidentFacts, figure_label
from modelwatch.report.markup import Content, Markup, element, joined
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
        return tag("over", "none")
    if incident.muted_until is not None:
        return tag(f"muted until {day_told(incident.muted_until)}", "none")
    if incident.acknowledged_at is not None:
        by = f" by {one_line(incident.acknowledged_by)}" if incident.acknowledged_by else ""
        return tag(f"taken on{by}", "none")
    return tag("failing", "bad") if incident.severity == "fail" else tag("warning", "warn")


def kind_told(incident: Incident) -> tuple[str | None, str | None]:
    """What an incident likely is, with how sure that is, and what to check."""
    if incident.kind is None:
        return None, None
    if incident.kind == UNDETERMINED or incident.kind not in KIND_WORDS:
        return "undetermined", "the figures of the query"
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
            element("p", capital(figure_words(one)), "."),
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


def _heading(incident: Incident) -> str:
    return one_line(subject_words(incident))


def _caption(facts: IncidentFacts) -> str:
    one = facts.incident
    known = [p for p in facts.series.lines[0].points if p.value is not None]
    if not known:
        return ""
    shown = f"{capital(figure_label(one.figure, one.subject))} by {one.window}"
    end = f", {days_told(known[0].day, known[-1].day)}"
    return f"{shown}{end}" + (f"; threshold {three_digits(one.gate)}" if one.gate else "")


def _facts_list(facts: IncidentFacts) -> Markup:
    one = facts.incident
    kind, check = kind_told(one)
    windows = plural(one.failing_windows, one.window)
    pairs: list[tuple[str, Content]] = [("Since", f"{_since(one)} ({windows})")]
    if kind is not None:
        pairs.append(("Likely", kind))
        pairs.append(("Check", check))
    if one.carrier_column is not None and one.carrier_value is not None:
        pairs.append(("Where", _carrier(one)))
    elif one.spread == "everywhere":
        pairs.append(("Where", "everywhere: no value of another column carries it"))
    others = dict.fromkeys(subject_words(child) for child in facts.children)
    others.pop(subject_words(one), None)
    if others:
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        pairs.append(("With it", f"{', '.join(list(others)[:3])}{more}"))
    return definitions(pairs)


def definitions(pairs: Sequence[tuple[str, Content]]) -> Markup:
    """Names with what they say."""
    return element("dl", [[element("dt", name), element("dd", said)] for name, said in pairs])


def _since(incident: Incident) -> str:
    # As in its sentence: the day on which the change is located, where it is one.
    located = incident.since_lower is not None and incident.since_lower == incident.since_upper
    first = incident.since_lower if located and incident.since_lower else incident.since
    if incident.is_open:
        return day_told(first)
    return days_told(first, max(incident.last_failing, first))


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
        f"{days_told(*_before(one))} (before)",
        f"{days_told(one.worst_start, one.worst_end)} (worst)",
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
        distributions = element("p", "The column is sensitive: no value is shown.", class_="note")
    return [
        element(
            "div",
            element("p", severity_tag(one), one_line(one.sentence or figure_words(one))),
            _facts_list(facts),
            element("p", "Why: ", one_line(one.evidence)) if one.evidence else None,
            class_="card top",
        ),
        section(
            "The figure over time",
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
        parts.append("Dotted: the bounds that were promised.")
    if shown.chance is not None:
        typical = three_digits(shown.chance)
        parts.append(f"Gray: what single days of the reference show by chance, {typical}.")
    if len(shown.lines) > 1:
        parts.append("Dashed: the estimate that needs no labels.")
    return " ".join(parts)


def _segments(facts: IncidentFacts) -> Markup | None:
    rows: list[list[Content]] = [
        [
            "all traffic" if one.segmentation == "all" else f"{one.segmentation} = {one.segment}",
            three_digits(one.value),
            times(abs(one.value) / one.gate if one.value is not None and one.gate else None),
            short_count(one.rows),
        ]
        for one in facts.segments[:_MOST_LISTED]
    ]
    if not rows:
        return None
    head = ["Segment", figure_label(facts.incident.figure, ""), "Threshold", "Rows"]
    told = days_told(facts.incident.worst_start, facts.incident.worst_end)
    return section(
        "Where it sits",
        element("p", f"The same figure by segment on {told}, the largest first.", class_="mute"),
        scrolled(table(head, rows), "The figure by segment"),
    )


def _children(facts: IncidentFacts) -> Markup | None:
    rows: list[list[Content]] = [
        [
            subject_words(one),
            figure_label(one.figure, one.subject),
            times(one.effect),
            day_told(one.since),
            one.state,
        ]
        for one in facts.children[:_MOST_LISTED]
    ]
    if not rows:
        return None
    head = ["What", "Figure", "Largest effect", "Since", "State"]
    left = len(facts.children) - len(rows)
    return section(
        "What fails with it",
        scrolled(table(head, rows, figures=(2,)), "What fails with it"),
        element("p", f"{left} more.", class_="note") if left > 0 else None,
    )


_EVENTS = {
    "child_added": "another subject fails with it",
    "restated": "judged again on restated data",
    "false_alarm": "marked as a false alarm",
}


def _history(facts: IncidentFacts) -> Markup | None:
    rows: list[list[Content]] = [
        [
            row["day"].isoformat() if row["day"] else "",
            _EVENTS.get(row["event"], row["event"].replace("_", " ")),
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
    """Incidents that are over, in a line each; ``label`` names the table."""
    rows: list[list[Content]] = [
        [
            _since(one.incident),
            element("a", _heading(one.incident), href=one.file),
            figure_words(one.incident),
            kind_told(one.incident)[0] or "",
        ]
        for one in facts
    ]
    if not rows:
        return None
    return scrolled(table(["When", "What", "Figure", "Likely"], rows, figures=()), label)


def incident_links(ids: Sequence[str], names: Sequence[str]) -> Markup:
    """Links to pages of incidents."""
    return joined(
        (element("a", name, href=incident_page(id)) for id, name in zip(ids, names, strict=True)),
        ", ",
    )
