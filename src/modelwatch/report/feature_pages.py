"""Where each feature is shown: on one page, on several, or in a row of a table alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from modelwatch.model.plain_text import one_line
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
from modelwatch.report.figures import NONE, percent, plural, three_digits
from modelwatch.report.incidents import side_legend
from modelwatch.report.markup import Content, Markup, element
from modelwatch.report.results import Results
from modelwatch.report.tables_of_values import scrolled
from modelwatch.report.timelines import Line, Point, Timeline, sparkline

MOST_PAGE_BYTES = 150_000
"""Bytes of the page of all features beyond which they are shown on several."""
MOST_SHOWN = 100
"""Features with pictures; with more features, those with something to show come first."""
FEWEST_SHOWN = 25
FEATURES_A_PAGE = 30
_MOST_POINTS = 24
_WIDTH, _HEIGHT = 120, 24


@dataclass(frozen=True)
class FeaturePages:
    """The pages of the features: how many of the facts have pictures, on pages of how many.

    ``together``: all of them stand on one page.
    """

    facts: tuple[FeatureFacts, ...]
    shown: int
    together: bool

    def file(self, at: int) -> str:
        """The page with the pictures of a feature, or with its row."""
        if self.together or at >= self.shown:
            return FEATURES_PAGE
        return f"features-{at // FEATURES_A_PAGE + 1}.html"

    @property
    def links(self) -> Mapping[tuple[str, str], str]:
        """By role and name, where each feature is shown."""
        return {
            (one.role, one.name): f"{self.file(at)}#{feature_anchor(at)}"
            for at, one in enumerate(self.facts)
        }

    @property
    def several(self) -> Mapping[str, Sequence[int]]:
        """By file, the positions of the features of each page beside the first."""
        found: dict[str, list[int]] = {}
        if not self.together:
            for at in range(self.shown):
                found.setdefault(self.file(at), []).append(at)
        return found


def feature_pages(facts: Sequence[FeatureFacts], bytes_together: int) -> FeaturePages:
    """The pages of features in order of weight.

    ``bytes_together``: of one page of all of them, where they are at most ``MOST_SHOWN``.
    """
    every = tuple(facts)
    if len(every) <= MOST_SHOWN:
        return FeaturePages(every, len(every), bytes_together <= MOST_PAGE_BYTES)
    telling = sum(1 for one in every if one.beyond or any(part.fails for part in one.segments))
    return FeaturePages(every, min(MOST_SHOWN, max(FEWEST_SHOWN, telling)), False)


def several_body(pages: FeaturePages, positions: Sequence[int], results: Results) -> list[Content]:
    """The body of a page of some features."""
    return [
        element("p", element("a", "All features", href=FEATURES_PAGE)),
        side_legend(side_names(results)),
        [feature_part(pages.facts[at], results, at) for at in positions],
    ]


def features_index(pages: FeaturePages, results: Results) -> list[Content]:
    """The page that lists all features, with links to those that have pictures."""
    head = ("Feature", "Table", "PSI", "Newest", "Median", "Nulls", "Beyond the threshold")
    rows = [_row(pages, at) for at in range(len(pages.facts))]
    left = len(pages.facts) - pages.shown
    listed = element(
        "table",
        element("thead", element("tr", [element("th", name, scope="col") for name in head])),
        element("tbody", rows),
        class_="t c1 c2 c3 c7",
    )
    note = (
        f"{plural(left, 'feature')} without anything beyond a threshold: the row only."
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
    """The course of the drift in few points: of each run of windows the largest."""
    if facts.drift is None:
        return None
    points = [point for point in facts.drift.lines[0].points if point.value is not None]
    step = -(-len(points) // _MOST_POINTS) or 1
    kept = [max(points[begin : begin + step], key=_size) for begin in range(0, len(points), step)]
    line = Line(facts.drift.lines[0].label, tuple(kept))
    short = replace(facts.drift, title=f"PSI of {one_line(facts.name)}", lines=(line,))
    return sparkline(short, _WIDTH, _HEIGHT)


def _size(point: Point) -> float:
    return abs(point.value or 0.0)


def _newest(given: Timeline | None) -> str:
    known = [p.value for p in given.lines[0].points if p.value is not None] if given else []
    return three_digits(known[-1]) if known else NONE


def _newest_nulls(facts: FeatureFacts) -> str:
    lines = facts.missing.lines if facts.missing else ()
    nulls = [point.value for line in lines if line.label == "Nulls" for point in line.points]
    known = [value for value in nulls if value is not None]
    return percent(known[-1] if known else 0.0)
