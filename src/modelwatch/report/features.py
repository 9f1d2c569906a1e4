"""The feature page: the distribution of each feature, its reference, and its metrics over time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from modelwatch.model.plain_text import counted, one_line
from modelwatch.report.histogram_pictures import distribution_picture
from modelwatch.report.histograms import Categories, Histogram, distribution
from modelwatch.report.incident_facts import binnings_of, counts_of, label_of_metric
from modelwatch.report.incidents import side_legend, tag
from modelwatch.report.markup import Content, Markup, element
from modelwatch.report.number_format import percent, short_count, span_text, three_digits, times
from modelwatch.report.parts import unit_of, units_of
from modelwatch.report.results import Results, Row
from modelwatch.report.tables_of_values import details_table
from modelwatch.report.timelines import Line, Point, Timeline, panels_picture, timeline_table

FEATURES_PAGE = "features.html"
_MOST_SEGMENTS = 8
_MOST_OTHERS = 3
_MISSING = (
    ("null_share", "Nulls", "main"),
    # Only categories have unseen values, and only numbers have special values.
    ("unseen_share", "Unseen", "other"),
    ("special_share", "Special values", "other"),
)
_SHOWN_ELSEWHERE = ("psi", "null_share_change", "unseen_share_change")
"""Statistics that have a panel of their own, or whose shares do."""
_TABLE_ROWS = 5


@dataclass(frozen=True)
class SegmentEffect:
    """The effect on a feature in one segment of the current window."""

    segmentation: str
    segment: str
    metric: str
    value: float | None
    effect: float
    fails: bool
    rows: int | None


@dataclass(frozen=True)
class FeatureFacts:
    """The content of a feature's section of the page.

    ``drift``, ``values``, ``missing``: timelines; None if there is nothing to draw. ``others``:
    statistics beside PSI that exceeded their threshold, the largest effect first. ``beyond``:
    number of windows in which it exceeded a threshold by more than chance. ``worst``: the largest
    effect.
    """

    role: str
    name: str
    sensitive: bool
    distribution: Histogram | Categories | None
    drift: Timeline | None
    others: tuple[Timeline, ...]
    values: Timeline | None
    missing: Timeline | None
    segments: tuple[SegmentEffect, ...]
    beyond: int
    worst: float
    weight: float


def features_of(results: Results) -> tuple[FeatureFacts, ...]:
    """The features, sorted by how far they exceeded their thresholds."""
    statistics: dict[tuple[str, str], dict[str, Row]] = defaultdict(dict)
    for row in results.of("drift_series"):
        statistics[row["role"], row["feature"]][row["statistic"]] = row
    profile = _series(results.of("profile_series"), "metric")
    segments: dict[tuple[str, str], list[SegmentEffect]] = defaultdict(list)
    for row in results.of("segment_verdicts"):
        segments[row["role"], row["subject"]].append(
            SegmentEffect(
                row["segmentation"], row["segment"], row["metric"], row["value"], row["effect"],
                bool(row["fails"]), row["row_count"],
            )
        )  # fmt: skip
    effects: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in results.of("heat"):
        effects[row["role"], row["subject"]].append(row["effect"])
    histograms = _histograms(results)
    keys = sorted({(role, name) for role, name, _ in profile} | set(statistics))
    found = [
        _facts(
            key,
            results,
            statistics.get(key, {}),
            profile,
            histograms.get(key),
            segments[key],
            effects[key],
        )
        for key in keys
    ]
    return tuple(sorted(found, key=lambda one: (-one.weight, one.role, one.name)))


def _facts(
    key: tuple[str, str],
    results: Results,
    statistics: Mapping[str, Row],
    profile: Mapping[tuple[str, str, str], Row],
    distributed: Histogram | Categories | None,
    segments: Sequence[SegmentEffect],
    effects: Sequence[float],
) -> FeatureFacts:
    role, name = key
    hidden = results.is_sensitive(name)
    segments = sorted(segments, key=lambda one: (not one.fails, -one.effect))
    return FeatureFacts(
        role,
        name,
        hidden,
        None if hidden else distributed,
        _drift(statistics.get("psi"), results),
        _others(tuple(statistics.values()), results),
        None if hidden else _values(key, profile, results),
        _missing(key, profile, results),
        () if hidden else tuple(segments),
        sum(1 for effect in effects if effect >= 1),
        max(effects, default=0.0),
        sum(min(effect, 8.0) for effect in effects if effect >= 1),
    )


def _series(rows: Sequence[Row], metric: str) -> dict[tuple[str, str, str], Row]:
    return {(row["role"], row["feature"], row[metric]): row for row in rows}


def _histograms(results: Results) -> dict[tuple[str, str], Histogram | Categories | None]:
    """Distributions of the reference and the current window, for features with equal bins."""
    sides: dict[tuple[str, str], dict[str, Row]] = defaultdict(dict)
    own = f"reference:{results.span.reference_name}"
    rows = results.of("histograms")
    roles = {row["feature"]: row["role"] for row in rows if row["role"] != own}
    for row in rows:
        role = roles.get(row["feature"], "inputs") if row["role"] == own else row["role"]
        sides[role, row["feature"]][row["side"]] = row
    binnings, units = binnings_of(results), units_of(results)
    found = {}
    for key, held in sides.items():
        prints = {row["binning"] for row in held.values()}
        bins = binnings.get((key[1], next(iter(prints)))) if len(prints) == 1 else None
        if bins is not None:
            before, after = (
                counts_of(held[side]["bins"]) if side in held else {}
                for side in ("reference", "current")
            )
            unit = units.get(key[1], "number")
            found[key] = distribution(
                bins["kind"], bins["edges"], bins["categories"], before, after, unit
            )
    return found


def _points(row: Row | None) -> tuple[Point, ...]:
    return tuple(Point(p["window_start"], p["value"]) for p in row["points"]) if row else ()


def _span(results: Results) -> tuple[date, date]:
    return results.span.first, results.span.last


def _drift(row: Row | None, results: Results) -> Timeline | None:
    """A drift statistic with its threshold and the size that single days of the reference have."""
    points = _points(row)
    if row is None or not points:
        return None
    label = label_of_metric(row["statistic"], "")
    first, last = _span(results)
    return Timeline(
        label,
        (Line(label, points),),
        threshold=_last_known(row, "threshold"),
        chance=_last_known(row, "typical"),
        zero=True,
        first=first,
        last=last,
    )


def _last_known(row: Row, name: str) -> float | None:
    known = [point[name] for point in row["points"] if point[name] is not None]
    return known[-1] if known else None


def _others(rows: Sequence[Row], results: Results) -> tuple[Timeline, ...]:
    """The statistics beside PSI that were above their threshold in some window."""
    found = []
    for row in rows:
        effect = max((_effect(point) for point in row["points"]), default=0.0)
        shown = _drift(row, results) if effect >= 1.0 else None
        if shown is not None and row["statistic"] not in _SHOWN_ELSEWHERE:
            found.append((effect, shown))
    found.sort(key=lambda one: -one[0])
    return tuple(shown for _, shown in found[:_MOST_OTHERS])


def _effect(point: Row) -> float:
    value, threshold = point["value"], point["threshold"]
    return abs(value) / threshold if value is not None and threshold else 0.0


def _values(
    key: tuple[str, str], profile: Mapping[tuple[str, str, str], Row], results: Results
) -> Timeline | None:
    """The median, and the range that contains nine tenths of the values."""
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
        "Median with 5% and 95% quantiles",
        (Line("Median", points, unit=unit_of(middle["text"])),),
        first=first,
        last=last,
    )


def _missing(
    key: tuple[str, str], profile: Mapping[tuple[str, str, str], Row], results: Results
) -> Timeline | None:
    """Shares of nulls, and of unseen or special values, if there are any."""
    lines = []
    for name, label, css_class in _MISSING:
        points = _points(profile.get((*key, name)))
        if any((p.value or 0.0) > 0 for p in points):
            lines.append(Line(label, points, css_class))
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
    """The anchor of a feature on its page."""
    return f"f{at}"


def side_names(results: Results) -> tuple[str, str]:
    """The names of the two sides of a distribution."""
    span = results.span
    current = span_text(span.current[1], span.current[2]) if span.current else "current"
    return f"reference {span.reference_name}", current


def feature_part(facts: FeatureFacts, results: Results, at: int) -> Markup:
    """The section of a feature."""
    name = one_line(facts.name)
    return element(
        "section",
        element(
            "h2",
            name,
            " ",
            [element("span", facts.role, class_="note"), " "] if facts.role != "inputs" else None,
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
    """The number of windows in which a feature exceeded a threshold; None for none."""
    if not facts.beyond:
        return None
    return tag(
        f"{counted(facts.beyond, 'window')} above a threshold, at most {times(facts.worst)}", "bad"
    )


def _left(facts: FeatureFacts, results: Results) -> list[Content]:
    parts: list[Content] = []
    if facts.sensitive:
        parts.append(element("p", "Sensitive: its values are not shown.", class_="note"))
    elif facts.distribution is not None:
        title = f"Distribution of {facts.name}"
        parts.append(distribution_picture(facts.distribution, side_names(results), title))
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
            label_of_metric(one.metric, ""),
            three_digits(one.value),
            times(one.effect),
            short_count(one.rows),
        ]
        for one in shown
    ]
    head = ["Segment", "Metric", "Value", "Times threshold", "Rows"]
    failing = sum(one.fails for one in segments)
    wording = f"By segment: {failing} above a threshold" if failing else "By segment"
    return details_table(wording, head, rows, numeric_columns=(2, 3, 4), css_class="segments")


def _right(facts: FeatureFacts) -> list[Content]:
    each = (facts.drift, *facts.others, facts.values, facts.missing)
    shown = [one for one in each if one is not None]
    if not shown:
        return []
    return [panels_picture(f"{facts.name} over time", shown), _table(shown)]


def _table(shown: Sequence[Timeline]) -> Markup:
    """The timelines of a feature in one table, the latest windows first."""
    lines = tuple(line for one in shown for line in one.lines)
    plain = tuple(
        replace(line, points=tuple(Point(p.day, p.value) for p in line.points)) for line in lines
    )
    return timeline_table(Timeline("", plain), _TABLE_ROWS, counted=False)


def features_body(facts: Sequence[FeatureFacts], results: Results) -> list[Content]:
    """The page of all features, below its header."""
    return [
        introduction(results),
        filter_box("section.feature"),
        [feature_part(one, results, at) for at, one in enumerate(facts)],
    ]


def introduction(results: Results) -> list[Content]:
    """An introduction to the pages of features."""
    return [
        element(
            "p",
            "Sorted by how far and how often a feature exceeded a threshold. Left: distribution. "
            f"Right: metrics by {results.span.timeline}, the newest {_TABLE_ROWS} in a table. "
            "Dotted: the threshold. Gray: the variation of single days of the reference.",
            class_="mute",
        ),
        side_legend(side_names(results)),
    ]


def filter_box(selector: str) -> Markup:
    """A field that filters elements by name, with JavaScript only."""
    box = element(
        "input",
        type="search",
        placeholder="Filter by name",
        aria_label="Filter features by name",
        data_filter=selector,
    )
    return element("p", box, hidden=True)
