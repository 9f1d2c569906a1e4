"""Pictures of how a metric came from its value in the reference to that of a window."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from modelwatch.model.plain_text import one_line
from modelwatch.report.markup import Content, Markup, element, picture
from modelwatch.report.number_format import signed, span_text, three_digits
from modelwatch.report.parts import part_text
from modelwatch.report.paths import bar_path, number
from modelwatch.report.performance_series import HEADLINES, metric_label
from modelwatch.report.results import Results, Row
from modelwatch.report.scales import fitted

MOST_WATERFALL_STEPS = 6
"""Causes with a bar of their own; the others stand together."""
MOST_PICTURES = 2
EFFECT_WORDS = {
    "mix": "its share of rows",
    "within": "the metric within it",
    "new": "new",
    "vanished": "vanished",
}
"""What changed of a part, by effect."""
_SHORT_WORDS = {**EFFECT_WORDS, "mix": "its share", "within": "its metric"}
"""The same beside a bar."""
_ValuesByKey = dict[tuple[object, ...], float]
"""Values of metrics by the key of their row."""
_WIDTH, _NAME, _VALUE, _ROW = 640, 250, 60, 24
_LONGEST_NAME = 34


@dataclass(frozen=True)
class Waterfall:
    """A metric before, the contribution of each step, and the metric after; each with a label."""

    title: str
    before: tuple[str, float]
    steps: tuple[tuple[str, float], ...]
    after: tuple[str, float]


def waterfalls_of(results: Results, causes: Sequence[Row]) -> list[Waterfall]:
    """For each metric, the split whose parts changed it most.

    ``causes``: of one window, model version, and reference.
    """
    totals: _ValuesByKey = {_key(row): row["value"] for row in results.of("changes")}
    values: _ValuesByKey = {_window_key(row): row["value"] for row in results.of("performance")}
    splits: dict[tuple[object, ...], list[Row]] = defaultdict(list)
    for row in causes:
        if row["effect"] in EFFECT_WORDS:
            splits[_key(row)].append(row)
    order = HEADLINES.get(results.task or "", ())
    best: dict[str, tuple[float, list[Row]]] = {}
    for key, rows in splits.items():
        metric = rows[0]["metric"]
        size = sum(abs(row["value"]) for row in rows if row["value"] is not None)
        after = values.get(_window_key(rows[0]))
        known = after is not None and totals.get(key) is not None
        if known and size > best.get(metric, (0.0, []))[0]:
            best[metric] = size, rows
    metrics = sorted(best, key=lambda name: (name not in order, name))[:MOST_PICTURES]
    return [_waterfall(results, best[name][1], totals, values) for name in metrics]


def _key(row: Row) -> tuple[object, ...]:
    names = ("window_name", "window_start", "model_version", "reference", "metric", "split_name")
    return tuple(row[name] for name in names)


def _window_key(row: Row) -> tuple[object, ...]:
    return row["window_name"], row["window_start"], row["model_version"], row["metric"]


def _waterfall(
    results: Results,
    rows: list[Row],
    totals: _ValuesByKey,
    values: _ValuesByKey,
) -> Waterfall:
    one = rows[0]
    total = totals[_key(one)]
    after = values[_window_key(one)]
    largest = sorted((r for r in rows if r["value"] is not None), key=lambda r: -abs(r["value"]))
    steps = [
        (_step_label(results, row), float(row["value"])) for row in largest[:MOST_WATERFALL_STEPS]
    ]
    rest = total - sum(value for _, value in steps)
    if abs(rest) > 1e-12:
        steps.append(("all other parts", rest))
    label = metric_label(one["metric"])
    return Waterfall(
        f"{label}: what changed it, by {one_line(one['split_name'])}",
        (f"reference {one['reference']}", after - total),
        tuple(steps),
        (span_text(one["window_start"], one["window_end"]), after),
    )


def _step_label(results: Results, row: Row) -> str:
    return f"{part_text(results, row)}: {_SHORT_WORDS[row['effect']]}"


def waterfall_picture(given: Waterfall) -> Markup:
    """The values before and after as lines, and the steps between them as bars."""
    levels = [given.before[1]]
    for _, value in given.steps:
        levels.append(levels[-1] + value)
    x = fitted([*levels, given.after[1]], _NAME, _WIDTH - _VALUE, digits=0)
    height = _ROW * (len(given.steps) + 2)
    bars: dict[str, list[tuple[float, float, float, float]]] = {"curbar": [], "fallbar": []}
    for at, (_, value) in enumerate(given.steps, 1):
        left, right = sorted((x(levels[at - 1]), x(levels[at])))
        css_class = "curbar" if value >= 0 else "fallbar"
        bars[css_class].append((left, at * _ROW + 5, max(right - left, 1), _ROW - 10))
    labels = [
        (given.before[0], three_digits(given.before[1])),
        *((label, signed(value)) for label, value in given.steps),
        (given.after[0], three_digits(given.after[1])),
    ]
    texts: list[Content] = []
    for at, (label, value_text) in enumerate(labels):
        short = label if len(label) <= _LONGEST_NAME else f"{label[: _LONGEST_NAME - 1]}…"
        y = at * _ROW + 16
        texts.append(element("text", short, x=_NAME - 10, y=y, class_="e"))
        texts.append(element("text", value_text, x=_WIDTH - _VALUE + 8, y=y))
    ends = [(0, levels[0]), (len(labels) - 1, given.after[1])]
    lines = "".join(f"M{number(x(value))} {at * _ROW + 3}v{_ROW - 6}" for at, value in ends)
    # A thin line leads from each level to the next bar.
    joints = "".join(
        f"M{number(x(level))} {at * _ROW + _ROW - 5}v10" for at, level in enumerate(levels)
    )
    return picture(
        given.title,
        element("path", d=joints, class_="axis"),
        [
            element("path", d=bar_path(held), class_=css_class)
            for css_class, held in bars.items()
            if held
        ],
        element("path", d=lines, class_="ln"),
        texts,
        width=_WIDTH,
        height=height,
        css_class="pic",
    )
