"""The pictures of a report: paths, scales, distributions and curves."""

from __future__ import annotations

import re
from datetime import date, timedelta
from xml.etree import ElementTree

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from modelwatch.report.calendars import Calendar, calendar_picture, missing_days
from modelwatch.report.heat_maps import HeatMap, HeatRow, heat_map_picture, level_of
from modelwatch.report.histogram_pictures import distribution_picture
from modelwatch.report.histograms import (
    BARS,
    Categories,
    Histogram,
    categories_of,
    distribution,
    histogram_of,
)
from modelwatch.report.markup import Markup, element, markup_of
from modelwatch.report.paths import area_path, bar_path, line_path, step_path
from modelwatch.report.scales import Scale, day_ticks, fitted, ticks
from modelwatch.report.score_curves import (
    ScoreCell,
    confusion_of,
    precision_recall_curve,
    roc_curve,
    tenths,
    thinned,
)
from modelwatch.report.timelines import Line, Point, Timeline, sparkline, tick, timeline_picture
from modelwatch.stats.profile.metric import Unit
from modelwatch.stats.states.binning import NULL, NUMERIC_OFFSET, OTHER, NumericBinning

FIRST = date(2024, 1, 1)
DAY = timedelta(days=1)
EDGES = np.array([-np.inf, *np.linspace(0.0, 100.0, 201), np.inf])


def walked(path: str) -> list[tuple[float, float]]:
    """The places that a path of relative steps comes through."""
    places: list[tuple[float, float]] = []
    x = y = 0.0
    for step, given in re.findall(r"([MlhvHz])([-0-9. ]*)", path):
        numbers = [float(n) for n in re.findall(r"-?[0-9.]+", given)]
        if step == "M":
            x, y = numbers
        elif step == "l":
            x, y = x + numbers[0], y + numbers[1]
        elif step == "h":
            x += numbers[0]
        elif step == "v":
            y += numbers[0]
        places.append((x, y))
    return places


def test_a_line_comes_through_its_places() -> None:
    random = np.random.default_rng(1)
    places = [(float(x), float(y)) for x, y in random.uniform(0, 600, (500, 2))]
    assert np.allclose(walked(line_path(places)), places, atol=0.051)


def test_a_line_is_interrupted_where_a_value_is_missing() -> None:
    path = line_path([(0, 0), (1, 1), None, (3, 3), None, (5, 5), (6, 6)])
    assert path.count("M") == 3
    assert "M3 3h0" in path


def test_an_area_is_closed() -> None:
    assert area_path([(0, 1), (2, 1)], [(0, 3), (2, 3)]) == "M0 1h2v2h-2z"
    assert area_path([], []) == ""


def test_bars_without_a_height_are_not_drawn() -> None:
    assert bar_path([(0, 0, 5, 0), (1, 2, 3, 4)]) == "M1 2h3v4h-3z"


def test_the_outline_of_a_histogram_ends_on_its_floor() -> None:
    path = walked(step_path([0, 10, 20, 30], [5, 50, 20], 100))
    assert path[0] == (0, 100)
    assert path[-1] == (30, 100)
    assert {y for _, y in path} == {100, 5, 50, 20}


def test_a_scale_draws_no_value_beyond_its_ends() -> None:
    scale = Scale(0, 10, 100, 0)
    assert [scale(v) for v in (-5, 0, 2.5, 10, 99)] == [100, 100, 75, 0, 0]


def test_a_scale_holds_all_values_and_zero_if_asked() -> None:
    scale = fitted([3.0, None, 7.0, float("nan")], 0, 100, zero=True)
    assert scale.low == 0
    assert scale.high > 7
    share = fitted([0.99, 1.0], 0, 100, within=(0.0, 1.0))
    assert share.high == 1.0


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-3.2, 17), (0, 1e-7), (1e9, 3e9), (0.61, 0.64)])
def test_ticks_are_few_round_and_within(low: float, high: float) -> None:
    marks = ticks(low, high, 5)
    assert 2 <= len(marks) <= 6
    assert all(low - 1e-12 <= mark <= high * (1 + 1e-9) for mark in marks)
    assert np.allclose(np.diff(marks), marks[1] - marks[0])


@pytest.mark.parametrize("days", [1, 5, 20, 50, 90, 365, 3000])
def test_ticks_of_days_are_few_and_within(days: int) -> None:
    last = FIRST + (days - 1) * DAY
    marks = day_ticks(FIRST, last, 8)
    assert len(marks) <= 9
    assert all(FIRST <= day <= last for day, _ in marks)


@pytest.mark.parametrize(
    ("value", "text"), [(1980.0, "1980"), (12_500.0, "12.5k"), (-2000.0, "−2000"), (0.25, "0.25")]
)
def test_a_tick_is_short_and_a_year_has_no_separator(value: float, text: str) -> None:
    assert tick(value) == text


def test_markup_is_escaped_once_and_text_always() -> None:
    inner = element("b", '<i> & "quotes"', title='"><script>')
    outer = element("p", inner, ["a<b", None, 3])
    assert ElementTree.fromstring(outer).find("b").text == '<i> & "quotes"'  # type: ignore[union-attr]
    assert outer.endswith("</b>a&lt;b3</p>")
    assert markup_of(Markup("<br/>")) == "<br/>"


def counts(values: np.ndarray, edges: np.ndarray = EDGES) -> dict[int, int]:
    """Rows by position of the vector that a state has of some values."""
    vector = NumericBinning(edges, 0.0, 1.0).counts_of(values)
    return {int(at): int(vector[at]) for at in np.flatnonzero(vector)}


def test_a_histogram_has_the_shares_that_numpy_counts() -> None:
    random = np.random.default_rng(2)
    before, after = random.uniform(0, 100, 40_000), random.uniform(20, 100, 40_000)
    found = histogram_of(EDGES.tolist(), counts(before), counts(after))
    assert found is not None
    assert found.edges[0] == 0.0
    assert found.edges[-1] == 100.0
    expected = np.histogram(after, bins=np.array(found.edges))[0] / len(after)
    assert np.allclose(found.current, expected, atol=0.01)
    assert sum(found.reference) == pytest.approx(1.0)
    assert sum(found.current) == pytest.approx(1.0)


def test_far_values_are_counted_in_the_outermost_bars() -> None:
    values = np.concatenate([np.random.default_rng(3).uniform(0, 10, 10_000), [1e6] * 20])
    edges = np.array([-np.inf, *np.linspace(0, 10, 101), 1e3, 1e7, np.inf])
    found = histogram_of(edges.tolist(), counts(values, edges), counts(values, edges))
    assert found is not None
    assert found.edges[-1] <= 10.0
    assert sum(found.current) == pytest.approx(1.0)


def test_the_axis_of_values_over_many_magnitudes_is_logarithmic() -> None:
    edges = np.array([-np.inf, *np.geomspace(1.0, 1e6, 101), np.inf])
    values = np.exp(np.random.default_rng(4).uniform(0, np.log(1e6), 50_000))
    found = histogram_of(edges.tolist(), counts(values, edges), {})
    assert found is not None
    assert found.logarithmic
    assert np.allclose(found.reference, 1 / BARS, atol=0.01)
    assert found.current == (0.0,) * BARS


def test_nulls_are_shares_of_all_rows() -> None:
    rows = counts(np.full(75, 5.0))
    found = histogram_of(EDGES.tolist(), rows, {**rows, 0: 25})
    assert found is not None
    assert found.missing == (("null", 0.0, 0.25),)


def test_a_number_with_few_values_is_shown_by_value() -> None:
    values = [0.0, 1.0, 12.0]
    edges = sorted({*values, *(float(np.nextafter(v, np.inf)) for v in values)})
    held = np.array([-np.inf, *edges, np.inf])
    rows = counts(np.repeat(values, [5, 3, 2]), held)
    found = distribution("numeric", held.tolist(), None, rows, rows)
    assert isinstance(found, Categories)
    assert found.labels == ("0", "1", "12")
    assert found.reference == (0.5, 0.3, 0.2)


def test_categories_beyond_the_most_frequent_are_one() -> None:
    values = [f"v{at:02d}" for at in range(30)]
    rows = {3 + at: 30 - at for at in range(30)} | {0: 10, 2: 5}
    found = categories_of(values, rows, {})
    assert found is not None
    assert found.labels[:2] == ("v00", "v01")
    assert set(found.labels[-3:]) == {"(null)", "(unseen)", "(other)"}
    assert sum(found.reference) == pytest.approx(1.0)


def test_a_distribution_without_rows_is_none() -> None:
    assert distribution("numeric", EDGES.tolist(), None, {}, {}) is None
    assert categories_of(["a"], {}, {}) is None


def test_texts_that_are_spelled_as_codes_have_labels_of_their_own() -> None:
    found = categories_of(["(null)", "(other)"], {NULL: 1, OTHER: 1, 3: 1, 4: 1}, {})
    assert found is not None
    assert sorted(zip(found.labels, found.special, strict=True)) == [
        ('"(null)"', False),
        ('"(other)"', False),
        ("(null)", True),
        ("(other)", True),
    ]


def scored(rows: int = 5000) -> tuple[np.ndarray, np.ndarray, list[ScoreCell]]:
    """Scores of a grid, labels, and the cells that they make at a threshold of one half."""
    random = np.random.default_rng(5)
    scores = random.integers(0, 100, rows) / 100 + 0.005
    labels = (random.random(rows) < scores).astype(int)
    cells: dict[tuple[int, int, int], list[float]] = {}
    for score, label in zip(scores, labels, strict=True):
        key = (2 + int(score * 100), int(score >= 0.5), int(label) + 1)
        held = cells.setdefault(key, [0, 0.0])
        held[0] += 1
        held[1] += score
    return scores, labels, [ScoreCell(*key, int(n), s) for key, (n, s) in cells.items()]


def test_the_area_under_the_roc_curve_is_that_of_scikit_learn() -> None:
    scores, labels, cells = scored()
    x, y = zip(*roc_curve(cells), strict=True)
    assert (x[-1], y[-1]) == (1.0, 1.0)
    assert np.trapezoid(y, x) == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)


def test_precision_ends_at_the_share_of_positives() -> None:
    _, labels, cells = scored()
    recall, precision = precision_recall_curve(cells)[-1]
    assert recall == 1.0
    assert precision == pytest.approx(labels.mean())


def test_scores_that_are_probabilities_lie_on_the_diagonal() -> None:
    _, _, cells = scored(200_000)
    found = tenths(cells)
    assert len(found) == 10
    assert all(abs(t.mean_score - t.positive_share) < 0.02 for t in found)


def test_the_confusion_table_counts_every_labelled_row() -> None:
    scores, labels, cells = scored()
    found = confusion_of(cells)
    assert found.true_positive == ((scores >= 0.5) & (labels == 1)).sum()
    assert found.false_positive == ((scores >= 0.5) & (labels == 0)).sum()


def test_a_curve_of_one_class_is_empty() -> None:
    cells = [ScoreCell(5, 1, 1, 10, 5.0)]
    assert roc_curve(cells) == []
    assert precision_recall_curve(cells) == []


def test_a_thinned_curve_keeps_its_ends() -> None:
    points = [(at / 1000, (at / 1000) ** 2) for at in range(1001)]
    kept = thinned(points, 80)
    assert len(kept) < 90
    assert (kept[0], kept[-1]) == (points[0], points[-1])


@pytest.mark.parametrize(
    ("effect", "level"), [(0.99, None), (1.0, 0), (2.0, 1), (5.0, 2), (50.0, 3)]
)
def test_the_colour_of_a_cell_grows_with_its_effect(effect: float, level: int | None) -> None:
    assert level_of(effect) == level


def test_equal_neighbours_of_a_heat_map_are_one_rectangle() -> None:
    days = tuple(FIRST + n * DAY for n in range(100))
    effects = dict.fromkeys(days[60:], 4.0) | {days[10]: 1.2}
    picture = heat_map_picture(HeatMap("map", days, (HeatRow("a", None, effects),)))
    path = ElementTree.fromstring(picture).find("path[@class='h2']")
    assert path is not None
    assert path.attrib["d"].count("z") == 1


def test_days_without_rows_are_missing() -> None:
    rows = {FIRST + n * DAY: 10.0 for n in range(10) if n not in (4, 5)}
    given = Calendar("rows", rows, FIRST, FIRST + 20 * DAY)
    assert missing_days(given) == [FIRST + 4 * DAY, FIRST + 5 * DAY]
    ElementTree.fromstring(calendar_picture(given))


@pytest.mark.parametrize("values", [[], [None], [1.0], [1.0, None, -2.0], [0.0] * 100])
def test_a_timeline_of_any_length_is_drawn(values: list[float | None]) -> None:
    points = tuple(Point(FIRST + n * DAY, value) for n, value in enumerate(values))
    given = Timeline("title", (Line("line", points),), threshold=0.5, chance=0.1)
    for picture in (timeline_picture(given), sparkline(given)):
        if points:
            assert ElementTree.fromstring(picture).findtext("title") == "title"
        else:
            assert picture == ""


def test_the_bars_of_a_column_of_dates_have_dates_below_them() -> None:
    days = np.array([-np.inf, *np.arange(15_706.0, 15_807.0), np.inf])
    rows = {NUMERIC_OFFSET + at: 10 for at in range(1, 101)}
    given = distribution("numeric", days, None, rows, rows, "day")
    assert isinstance(given, Histogram)
    drawn = distribution_picture(given, ("before", "after"), "Distribution of due")
    assert ">2013-01-01<" in drawn and ">2013-02-20<" in drawn
    assert "15,7" not in drawn and "15.7k" not in drawn


def test_few_dates_are_in_their_order() -> None:
    days = [-np.inf, *sorted(x for n in (9.0, 10.0) for x in (n, np.nextafter(n, np.inf))), np.inf]
    rows = {NUMERIC_OFFSET + 1: 1, NUMERIC_OFFSET + 3: 5}
    given = distribution("numeric", days, None, rows, rows, "day")
    assert isinstance(given, Categories)
    assert given.labels == ("1970-01-10", "1970-01-11")


@pytest.mark.parametrize(
    ("unit", "values", "texts"),
    [
        ("day", (15_706.0, 15_766.0), ["01-15", "02-04"]),
        ("day", (15_706.0, 17_000.0), ["2013-10", "2016-07"]),
        ("microsecond", (1.357e15, 1.35701e15), ["01:00", "03:00"]),
    ],
)
def test_a_date_over_time_has_dates_beside_it(
    unit: Unit, values: tuple[float, float], texts: list[str]
) -> None:
    points = tuple(Point(FIRST + n * DAY, value) for n, value in enumerate(values))
    drawn = timeline_picture(Timeline("Median", (Line("Median", points, unit=unit),)))
    assert set(texts) <= set(re.findall(r">([-:0-9]+)<", drawn))
