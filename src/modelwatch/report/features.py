"""The feature page: of each feature its distribution beside the reference, and its course."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from modelwatch.model.plain_text import one_line
from modelwatch.report.figures import percent, plural, short_count, span_text, three_digits, times
from modelwatch.report.histogram_pictures import distribution_picture
from modelwatch.report.histograms import Categories, Histogram, distribution
from modelwatch.report.incident_facts import binnings_of, counts_of, figure_label
from modelwatch.report.incidents import side_legend, tag
from modelwatch.report.markup import Content, Markup, element
from modelwatch.report.results import Results, Row
from modelwatch.report.tables_of_values import details_table
from modelwatch.report.timelines import Line, Point, Timeline, panels_picture, timeline_table

FEATURES_PAGE = "features.html"
_MOST_SEGMENTS = 8
_TABLE_ROWS = 8


@dataclass(frozen=True)
class SegmentEffect:
    """How far a feature is beyond a threshold in one segment of the current window."""

    segmentation: str
    segment: str
    figure: str
    value: float | None
    effect: float
    fails: bool
    rows: int | None


@dataclass(frozen=True)
class FeatureFacts:
    """A feature with what its part of the page shows.

    ``drift``, ``values``, ``missing``: timelines, None where there is nothing to draw. ``beyond``:
    windows in which it is beyond a threshold by more than chance; ``worst`` the largest effect.
    ``plain_axis``: values may stand at the axis.
    """

    role: str
    name: str
    sensitive: bool
    distribution: Histogram | Categories | None
    plain_axis: bool
    drift: Timeline | None
    values: Timeline | None
    missing: Timeline | None
    segments: tuple[SegmentEffect, ...]
    beyond: int
    worst: float
    weight: float


def features_of(results: Results) -> tuple[FeatureFacts, ...]:
    """The features, those that were beyond their thresholds most first."""
    drift = _series(results.of("drift_series"), "statistic")
    profile = _series(results.of("profile_series"), "metric")
    segments: dict[tuple[str, str], list[SegmentEffect]] = defaultdict(list)
    for row in results.of("segment_verdicts"):
        segments[row["role"], row["subject"]].append(
            SegmentEffect(
                row["segmentation"], row["segment"], row["figure"], row["value"], row["effect"],
                bool(row["fails"]), row["rows"],
            )
        )  # fmt: skip
    effects: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in results.of("heat"):
        effects[row["role"], row["subject"]].append(row["effect"])
    histograms = _histograms(results)
    keys = sorted({(role, name) for role, name, _ in profile} | {(r, n) for r, n, _ in drift})
    found = [
        _facts(key, results, drift, profile, histograms.get(key), segments[key], effects[key])
        for key in keys
    ]
    return tuple(sorted(found, key=lambda one: (-one.weight, one.role, one.name)))


def _facts(
    key: tuple[str, str],
    results: Results,
    drift: Mapping[tuple[str, str, str], Row],
    profile: Mapping[tuple[str, str, str], Row],
    distributed: Histogram | Categories | None,
    segments: Sequence[SegmentEffect],
    effects: Sequence[float],
) -> FeatureFacts:
    role, name = key
    hidden = results.is_sensitive(name)
    middle = profile.get((role, name, "q50"))
    plain = not hidden and (middle is None or middle["text"] is None)
    segments = sorted(segments, key=lambda one: (not one.fails, -one.effect))
    return FeatureFacts(
        role,
        name,
        hidden,
        None if hidden else distributed,
        plain,
        _drift(drift.get((role, name, "psi")), results),
        _values(key, profile, results) if plain else None,
        _missing(key, profile, results),
        () if hidden else tuple(segments),
        sum(1 for effect in effects if effect >= 1),
        max(effects, default=0.0),
        sum(min(effect, 8.0) for effect in effects if effect >= 1),
    )


def _series(rows: Sequence[Row], figure: str) -> dict[tuple[str, str, str], Row]:
    return {(row["role"], row["feature"], row[figure]): row for row in rows}


def _histograms(results: Results) -> dict[tuple[str, str], Histogram | Categories | None]:
    """Distributions of reference and current window, of features whose bins are the same."""
    sides: dict[tuple[str, str], dict[str, Row]] = defaultdict(dict)
    own = f"reference:{results.span.reference_name}"
    rows = results.of("histograms")
    roles = {row["feature"]: row["role"] for row in rows if row["role"] != own}
    for row in rows:
        role = roles.get(row["feature"], "inputs") if row["role"] == own else row["role"]
        sides[role, row["feature"]][row["side"]] = row
    binnings = binnings_of(results)
    found = {}
    for key, held in sides.items():
        prints = {row["binning"] for row in held.values()}
        bins = binnings.get((key[1], next(iter(prints)))) if len(prints) == 1 else None
        if bins is not None:
            before, after = (
                counts_of(held[side]["bins"]) if side in held else {}
                for side in ("reference", "current")
            )
            found[key] = distribution(bins["kind"], bins["edges"], bins["values"], before, after)
    return found


def _points(row: Row | None) -> tuple[Point, ...]:
    return tuple(Point(p["window_start"], p["value"]) for p in row["points"]) if row else ()


def _span(results: Results) -> tuple[date, date]:
    return results.span.first, results.span.last


def _drift(row: Row | None, results: Results) -> Timeline | None:
    points = _points(row)
    if row is None or not points:
        return None
    thresholds = [p["threshold"] for p in row["points"] if p["threshold"] is not None]
    label = figure_label("psi", "")
    first, last = _span(results)
    return Timeline(
        label,
        (Line(label, points),),
        threshold=thresholds[-1] if thresholds else None,
        zero=True,
        first=first,
        last=last,
    )


def _values(
    key: tuple[str, str], profile: Mapping[tuple[str, str, str], Row], results: Results
) -> Timeline | None:
    """The median with the range that holds nine tenths of the values."""
    low, middle, high = (profile.get((*key, name)) for name in ("q05", "q50", "q95"))
    if middle is None or not any(p["value"] is not None for p in middle["points"]):
        return None
    ends = {p["window_start"]: p["value"] for p in (low["points"] if low else ())}
    tops = {p["window_start"]: p["value"] for p in (high["points"] if high else ())}
    points = tuple(
        Point(day, value, ends.get(day), tops.get(day))
        for day, value in ((p["window_start"], p["value"]) for p in middle["points"])
    )
    first, last = _span(results)
    return Timeline(
        "Median, 5% and 95% quantile",
        (Line("Median", points),),
        first=first,
        last=last,
    )


def _missing(
    key: tuple[str, str], profile: Mapping[tuple[str, str, str], Row], results: Results
) -> Timeline | None:
    """Shares of nulls and of unseen values, where there are any."""
    lines = []
    for name, label, look in (("null_share", "Nulls", "main"), ("unseen_share", "Unseen", "other")):
        points = _points(profile.get((*key, name)))
        if any((p.value or 0.0) > 0 for p in points):
            lines.append(Line(label, points, look))
    if not lines:
        return None
    first, last = _span(results)
    words = " and ".join(line.label.lower() for line in lines)
    return Timeline(
        f"Share of {words}",
        tuple(lines),
        share=True,
        zero=True,
        first=first,
        last=last,
    )


def feature_anchor(at: int) -> str:
    """The place of a feature on the page of all."""
    return f"f{at}"


def side_names(results: Results) -> tuple[str, str]:
    """What the two sides of a distribution are called."""
    span = results.span
    current = span_text(span.current[1], span.current[2]) if span.current else "current"
    return f"reference {span.reference_name}", current


def feature_part(facts: FeatureFacts, results: Results, at: int) -> Markup:
    """A feature's part of the page of all features."""
    name = one_line(facts.name)
    return element(
        "section",
        element(
            "h2",
            name,
            " ",
            element("span", facts.role, class_="note"),
            " ",
            badge(facts),
            class_="sub",
        ),
        element("div", _left(facts, results)),
        element("div", _right(facts)),
        id=feature_anchor(at),
        class_="feature",
        data_name=name.lower(),
    )


def badge(facts: FeatureFacts) -> Markup | None:
    """In how many windows a feature was beyond a threshold; None if in none."""
    if not facts.beyond:
        return None
    return tag(
        f"{plural(facts.beyond, 'window')} above a threshold, at most {times(facts.worst)}", "bad"
    )


def _left(facts: FeatureFacts, results: Results) -> list[Content]:
    parts: list[Content] = []
    if facts.sensitive:
        parts.append(element("p", "Sensitive: its values are not shown.", class_="note"))
    elif facts.distribution is not None:
        title = f"Distribution of {facts.name}"
        parts.append(
            distribution_picture(
                facts.distribution, side_names(results), title, places=facts.plain_axis
            )
        )
        if isinstance(facts.distribution, Histogram):
            parts.append(_missing_note(facts.distribution))
    if facts.segments:
        parts.append(_segment_table(facts.segments))
    return parts


def _missing_note(given: Histogram) -> Markup | None:
    words = [
        f"{name}: {percent(before)} → {percent(after)}" for name, before, after in given.missing
    ]
    scale = ["logarithmic axis"] if given.logarithmic else []
    return element("p", "; ".join([*scale, *words]), class_="note") if words or scale else None


def _segment_table(segments: Sequence[SegmentEffect]) -> Markup:
    shown = segments[:_MOST_SEGMENTS]
    rows: list[list[Content]] = [
        [
            one_line(f"{one.segmentation} = {one.segment}"),
            figure_label(one.figure, ""),
            three_digits(one.value),
            times(one.effect),
            short_count(one.rows),
        ]
        for one in shown
    ]
    head = ["Segment", "Metric", "Value", "Threshold", "Rows"]
    failing = sum(one.fails for one in segments)
    wording = f"By segment: {failing} beyond a threshold" if failing else "By segment"
    return details_table(wording, head, rows, figures=(2, 3, 4))


def _right(facts: FeatureFacts) -> list[Content]:
    shown = [one for one in (facts.drift, facts.values, facts.missing) if one is not None]
    if not shown:
        return []
    return [panels_picture(f"{facts.name} over time", shown), _table(shown)]


def _table(shown: Sequence[Timeline]) -> Markup:
    """The timelines of a feature in one table, the newest windows first."""
    lines = tuple(line for one in shown for line in one.lines)
    plain = tuple(
        Line(line.label, tuple(Point(p.day, p.value) for p in line.points)) for line in lines
    )
    return timeline_table(Timeline("", plain), _TABLE_ROWS)


def features_body(facts: Sequence[FeatureFacts], results: Results) -> list[Content]:
    """The page of all features, below its head."""
    return [
        introduction(results),
        filter_box("section.feature"),
        [feature_part(one, results, at) for at, one in enumerate(facts)],
    ]


def introduction(results: Results) -> list[Content]:
    """What the pages of features show, and in which order."""
    return [
        element(
            "p",
            "Features that exceeded a threshold most come first. Left: the distribution. "
            f"Right: the metric by {results.span.timeline}. Dotted: the threshold.",
            class_="mute",
        ),
        side_legend(side_names(results)),
    ]


def filter_box(selector: str) -> Markup:
    """A field by which a reader with JavaScript filters some elements by name."""
    box = element(
        "input",
        type="search",
        placeholder="Filter by name",
        aria_label="Filter features by name",
        data_filter=selector,
    )
    return element("p", box, hidden=True)
