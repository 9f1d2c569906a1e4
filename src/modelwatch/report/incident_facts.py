"""The content of an incident page: its metric over time, its distributions, and related
failures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from modelwatch.model.incidents.incident import Incident
from modelwatch.model.notification.message_links import incident_page
from modelwatch.report.histograms import Categories, Histogram, distribution
from modelwatch.report.parts import units_of
from modelwatch.report.results import Results, Row, incident_of
from modelwatch.report.timelines import Line, Point, Timeline
from modelwatch.stats.drift.statistic import STATISTICS
from modelwatch.stats.performance.metrics import PERFORMANCE
from modelwatch.stats.profile.metric import Unit


@dataclass(frozen=True)
class SegmentMetric:
    """The metric of an incident in one segment, in the window with the largest effect."""

    segmentation: str
    segment: str
    value: float | None
    threshold: float | None
    rows: int | None


@dataclass(frozen=True)
class IncidentFacts:
    """The content of an incident's page.

    ``series``: its metric by window. ``distributions``: rows before the incident and in its worst
    window. ``children``: what fails with it. ``history``: its events and the responses of people.
    """

    incident: Incident
    series: Timeline
    distributions: Histogram | Categories | None
    segments: tuple[SegmentMetric, ...]
    children: tuple[Incident, ...]
    history: tuple[Row, ...]

    @property
    def file(self) -> str:
        """The file of its page."""
        return incident_page(self.incident.id)


def incidents_of(results: Results, most: int) -> tuple[IncidentFacts, ...]:
    """The incidents with a page of their own: open ones by rank, then the most recently closed."""
    rows = [incident_of(row) for row in results.of("incidents")]
    parents = [one for one in rows if one.parent_id is None][:most]
    binnings, units = binnings_of(results), units_of(results)
    return tuple(_facts(one, rows, results, binnings, units) for one in parents)


def binnings_of(results: Results) -> dict[tuple[str, str], Row]:
    """The frozen bins, by feature and fingerprint."""
    return {(row["feature"], row["fingerprint"]): row for row in results.of("binnings")}


def _facts(
    incident: Incident,
    every: Sequence[Incident],
    results: Results,
    binnings: Mapping[tuple[str, str], Row],
    units: Mapping[str, Unit],
) -> IncidentFacts:
    def mine(query: str) -> list[Row]:
        return [row for row in results.of(query) if row["incident_id"] == incident.id]

    hidden = results.is_sensitive(incident.subject)
    children = [one for one in every if one.parent_id == incident.id]
    segments = [
        SegmentMetric(
            row["segmentation"], row["segment"], row["value"], row["threshold"], row["row_count"]
        )
        for row in mine("drift_of_incidents")
        if row["window_start"] == incident.worst_start
    ]
    segments.sort(key=lambda one: -abs(one.value or 0.0))
    return IncidentFacts(
        incident,
        _series(incident, mine, results),
        None
        if hidden
        else _sides(
            incident,
            mine("histograms_of_incidents"),
            binnings,
            units.get(incident.subject, "number"),
        ),
        tuple(segments) if len(segments) > 1 else (),
        tuple(sorted(children, key=lambda one: (one.state != "open", -one.effect))),
        tuple(mine("incident_history")),
    )


def _sides(
    incident: Incident, rows: Sequence[Row], binnings: Mapping[tuple[str, str], Row], unit: Unit
) -> Histogram | Categories | None:
    """Both sides over the same bars; None if either is missing or the bins were replaced."""
    by_side = {row["side"]: row for row in rows}
    if set(by_side) != {"before", "after"} or len({row["binning"] for row in rows}) != 1:
        return None
    bins = binnings.get((incident.subject, by_side["after"]["binning"]))
    if bins is None:
        return None
    before, after = (counts_of(by_side[side]["bins"]) for side in ("before", "after"))
    return distribution(bins["kind"], bins["edges"], bins["categories"], before, after, unit)


def counts_of(bins: Sequence[Row]) -> dict[int, int]:
    """Rows by position in a count vector."""
    return {cell["bin"]: cell["row_count"] for cell in bins}


def label_of_metric(metric: str, subject: str) -> str:
    """The label of a metric or statistic."""
    if metric in STATISTICS:
        return STATISTICS[metric].label
    if metric in PERFORMANCE:
        return PERFORMANCE[metric].label
    words = {
        "rows": "change of the row count",
        "coverage": "change of the label coverage",
        "unmapped_share": "share of values that are not in the configuration",
    }
    return words.get(metric, metric.replace("_", " ") or subject)


def _series(incident: Incident, mine: Callable[[str], list[Row]], results: Results) -> Timeline:
    """The metric of an incident by window, from the table that has most of its values."""
    label = label_of_metric(incident.metric, incident.subject)
    shade = (incident.onset, incident.closed or incident.last_failing)
    if incident.area in ("performance", "estimate"):
        found = _performance_series(incident, results)
        if found.lines[0].points:
            return found
    constraint = mine("constraints_of_incidents")
    if constraint:
        bounds = (constraint[-1]["lower"], constraint[-1]["upper"])
        points = [Point(row["window_start"], row["value"]) for row in constraint]
        return Timeline(
            f"{incident.subject}, observed by day",
            (Line("observed", tuple(points)),),
            bounds=bounds,
            marked=(shade,),
        )
    drift = [
        row
        for row in mine("drift_of_incidents")
        if (row["segmentation"], row["segment"]) == (incident.segmentation, incident.segment)
    ]
    verdicts = mine("verdicts_of_incidents")
    rows = drift if len(drift) >= len(verdicts) else verdicts
    points = [Point(row["window_start"], row["value"]) for row in rows]
    typical = [row["typical"] for row in drift if row["typical"] is not None]
    compared = f" compared with {incident.reference}" if incident.reference else ""
    return Timeline(
        f"{label} of {incident.subject}{compared}, by {incident.window}",
        (Line(label, tuple(points)),),
        threshold=incident.threshold
        if incident.threshold and incident.area != "constraint"
        else None,
        chance=typical[-1] if rows is drift and typical else None,
        marked=(shade,),
        zero=True,
    )


def _performance_series(incident: Incident, results: Results) -> Timeline:
    rows = [
        row
        for row in results.of("performance")
        if row["metric"] == incident.subject
        and row["window_name"] == incident.window
        and row["model_version"] == incident.model_version
        and not row["partial"]
        and row["window_start"] >= incident.onset - timedelta(days=200)
    ]
    return metric_timeline(rows, incident.subject, [(incident.onset, incident.last_failing)])


def metric_timeline(
    rows: Sequence[Row], metric: str, marked: Sequence[tuple[date, date]] = ()
) -> Timeline:
    """A performance metric by window with its interval, and its estimate."""
    label = PERFORMANCE[metric].label if metric in PERFORMANCE else metric
    realized = [
        Point(row["window_start"], row["value"], row["lower"], row["upper"])
        for row in rows
        if row["value"] is not None
    ]
    estimated = [
        Point(row["window_start"], row["estimate"], row["estimate_lower"], row["estimate_upper"])
        for row in rows
        if row["estimate"] is not None
    ]
    lines = [Line(f"{label}, from labels", tuple(realized))] if realized else []
    lines += [Line("estimate", tuple(estimated), "other")] if estimated else []
    return Timeline(f"{label} by window", tuple(lines) or (Line(label, ()),), marked=tuple(marked))
