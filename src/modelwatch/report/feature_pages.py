"""The pages of features: one page for all, several pages, or only a row of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from modelwatch.model.plain_text import counted, one_line
from modelwatch.report.features import (
    FEATURES_PAGE,
    FeatureFacts,
    badge,
    feature_anchor,
    feature_part,
    filter_box,
    introduction,
    side_names,
)
from modelwatch.report.incidents import side_legend
from modelwatch.report.markup import Content, Markup, element
from modelwatch.report.number_format import NONE, percent, value_text
from modelwatch.report.results import Results
from modelwatch.report.tables_of_values import scrolled
from modelwatch.report.timelines import Line, Point, Timeline, sparkline

MOST_PAGE_BYTES = 150_000
"""Bytes of the page of all features above which it is split."""
MOST_SHOWN = 100
"""Features with pictures; with more features, those with findings come first."""
FEWEST_SHOWN = 25
FEATURES_A_PAGE = 30
_MOST_POINTS = 24
_WIDTH, _HEIGHT = 120, 24


@dataclass(frozen=True)
class FeaturePages:
    """The distribution of features over pages, and how many of them have charts.

    ``together``: whether all of them are on one page.
    """

    facts: tuple[FeatureFacts, ...]
    shown: int
    together: bool

    def file(self, at: int) -> str:
        """The page with the charts of a feature, or with its row."""
        if self.together or at >= self.shown:
            return FEATURES_PAGE
        return f"features-{at // FEATURES_A_PAGE + 1}.html"

    @property
    def links(self) -> Mapping[tuple[str, str], str]:
        """The link to each feature, by role and name."""
        return {
            (one.role, one.name): f"{self.file(at)}#{feature_anchor(at)}"
            for at, one in enumerate(self.facts)
        }

    @property
    def several(self) -> Mapping[str, Sequence[int]]:
        """By file, the positions of the features on each page except the first."""
        found: dict[str, list[int]] = {}
        if not self.together:
            for at in range(self.shown):
                found.setdefault(self.file(at), []).append(at)
        return found


def feature_pages(facts: Sequence[FeatureFacts], bytes_together: int) -> FeaturePages:
    """The pages of features, sorted by weight.

    ``bytes_together``: the size of a single page of all features, if there are at most
    ``MOST_SHOWN``.
    """
    every = tuple(facts)
    if len(every) <= MOST_SHOWN:
        return FeaturePages(every, len(every), bytes_together <= MOST_PAGE_BYTES)
    failing = sum(1 for one in every if one.beyond or any(part.fails for part in one.segments))
    return FeaturePages(every, min(MOST_SHOWN, max(FEWEST_SHOWN, failing)), False)


def several_body(pages: FeaturePages, positions: Sequence[int], results: Results) -> list[Content]:
    """The body of a page with some of the features."""
    return [
        element("p", element("a", "All features", href=FEATURES_PAGE)),
        side_legend(side_names(results)),
        filter_box("section.feature"),
        [feature_part(pages.facts[at], results, at) for at in positions],
    ]


def features_index(pages: FeaturePages, results: Results) -> list[Content]:
    """The page that lists all features, with links to those with charts."""
    head = ("Feature", "Table", "PSI", "Newest", "Median", "Nulls", "Windows above threshold")
    rows = [_row(pages, at) for at in range(len(pages.facts))]
    left = len(pages.facts) - pages.shown
    listed = element(
        "table",
        element("thead", element("tr", [element("th", name, scope="col") for name in head])),
        element("tbody", rows),
        class_="t c1 c2 c3 c7 sorts",
    )
    note = (
        f"{counted(left, 'feature')} never exceeded a threshold and have no charts."
        if left
        else None
    )
    return [
        introduction(results),
        element("p", note, class_="note") if note else None,
        filter_box("tr.entry"),
        scrolled(listed, "All features"),
    ]


def _row(pages: FeaturePages, at: int) -> Markup:
    one = pages.facts[at]
    name = one_line(one.name)
    href = f"{pages.file(at)}#{feature_anchor(at)}" if at < pages.shown else None
    return element(
        "tr",
        element("td", element("a", name, href=href) if href else name),
        element("td", one.role),
        element("td", _course(one)),
        element("td", _newest(one.drift)),
        element("td", _newest(one.values)),
        element("td", _newest_nulls(one)),
        element("td", badge(one)),
        id=feature_anchor(at) if at >= pages.shown else None,
        data_name=name.lower(),
        class_="entry",
    )


def _course(facts: FeatureFacts) -> Markup | None:
    """The drift over time in few points: the maximum of each run of windows."""
    if facts.drift is None:
        return None
    points = [point for point in facts.drift.lines[0].points if point.value is not None]
    step = -(-len(points) // _MOST_POINTS) or 1
    thinned = [
        max(points[begin : begin + step], key=_size) for begin in range(0, len(points), step)
    ]
    line = Line(facts.drift.lines[0].label, tuple(thinned))
    short = replace(facts.drift, title=f"PSI of {one_line(facts.name)}", lines=(line,))
    return sparkline(short, _WIDTH, _HEIGHT)


def _size(point: Point) -> float:
    return abs(point.value or 0.0)


def _newest(given: Timeline | None) -> str:
    known = [p.value for p in given.lines[0].points if p.value is not None] if given else []
    return value_text(known[-1], given.lines[0].unit) if given and known else NONE


def _newest_nulls(facts: FeatureFacts) -> str:
    lines = facts.missing.lines if facts.missing else ()
    nulls = [point.value for line in lines if line.label == "Nulls" for point in line.points]
    known = [value for value in nulls if value is not None]
    return percent(known[-1] if known else 0.0)
