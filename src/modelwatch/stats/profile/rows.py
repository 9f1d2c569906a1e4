"""Profile metrics of every feature: rows, nulls, distinct and frequent values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts
from modelwatch.stats.drift.comparison import NO_CURRENT_ROWS
from modelwatch.stats.instants import text_of
from modelwatch.stats.numerals import numeral
from modelwatch.stats.profile.histogram import bar_labels, bars_of
from modelwatch.stats.profile.metric import (
    FeatureKind,
    MetricValues,
    ProfiledWindows,
    metric,
    numbers,
    texts,
)
from modelwatch.stats.states.categorical import CategoricalStates
from modelwatch.stats.states.distinct import estimate

_FREQUENT = 10
"""Number of values in ``most_frequent``."""
NO_VALUES = "no values"
_FEATURE: tuple[FeatureKind, ...] = ("numeric", "categorical")


@metric("rows", label="Rows", kinds=_FEATURE, unit="rows")
def rows(subject: ProfiledWindows) -> MetricValues:
    """Rows of the window, including nulls."""
    return numbers(subject.states.rows)


@metric("nulls", label="Nulls", kinds=_FEATURE, unit="rows")
def nulls(subject: ProfiledWindows) -> MetricValues:
    """Number of nulls."""
    return numbers(subject.states.nulls)


@metric("null_share", label="Share of nulls", kinds=_FEATURE, unit="share of rows")
def null_share(subject: ProfiledWindows) -> MetricValues:
    """Share of nulls."""
    return share(subject, subject.states.nulls)


@metric(
    "distinct",
    label="Distinct values",
    kinds=_FEATURE,
    unit="values",
    bound="exact below 256 values, otherwise a standard error of 6.3%",
)
def distinct(subject: ProfiledWindows) -> MetricValues:
    """Number of distinct values, including infinities, without nulls and NaN. Exact below 256,
    otherwise an estimate with a relative standard error of 6.3%."""
    sketches = subject.distinct
    if sketches is None:
        unknown = np.full(len(subject.states), np.nan)
        every = np.ones(len(subject.states), dtype=bool)
        return numbers(unknown, (every, "distinct values are not kept for segments"))
    return numbers(np.array([estimate(sketch) for sketch in sketches], dtype=np.float64))


@metric(
    "mode_share",
    label="Share of the most frequent value",
    kinds=_FEATURE,
    unit="share",
    bound="of the values with a bin of their own",
)
def mode_share(subject: ProfiledWindows) -> MetricValues:
    """Share of the most frequent value among the rows that have a value: 1 for a constant feature.

    Only values with a bin of their own count; undefined if none of them occurs.
    """
    _, counts = _single_values(subject)
    top = counts.max(axis=1, initial=0)
    held = subject.states.rows - subject.states.nulls
    return numbers(
        top / np.maximum(held, 1),
        (held == 0, NO_VALUES),
        (top == 0, "no value with a bin of its own occurs"),
    )


@metric("most_frequent", label="Most frequent values", kinds=_FEATURE, unit="JSON")
def most_frequent(subject: ProfiledWindows) -> MetricValues:
    """JSON array of up to 10 objects {value, rows, share} of the values with a bin of their own,
    most frequent first."""
    labels, counts = _single_values(subject)
    heads = [f'"value":{label}' for label in labels]
    order = np.argsort(-counts, axis=1, kind="stable")[:, :_FREQUENT]
    found = [
        json_list(heads, row, at[row[at] > 0], total)
        for row, at, total in zip(counts, order, subject.states.rows, strict=True)
    ]
    return texts(found, "no value with a bin of its own occurs")


@metric("histogram", label="Histogram", kinds=_FEATURE, unit="JSON")
def histogram(subject: ProfiledWindows) -> MetricValues:
    """JSON array of objects {bar, label, rows, share} of the bars that are not empty.

    Bars depend only on the frozen bins, so bars of two windows with the same number are the same.
    """
    states = subject.states
    bars, labels = bars_of(states.binning), bar_labels(states.binning, subject.unit)
    heads = [f'"bar":{i},"label":{json.dumps(label)}' for i, label in enumerate(labels)]
    counts = np.zeros((len(labels), len(states)), dtype=np.int64)
    np.add.at(counts, bars, states.counts.T)
    found = [
        json_list(heads, row, np.flatnonzero(row), total)
        for row, total in zip(counts.T, states.rows, strict=True)
    ]
    return texts(found, NO_CURRENT_ROWS)


def share(subject: ProfiledWindows, counts: Counts) -> MetricValues:
    """Some rows as a share of all rows."""
    total = subject.states.rows
    return numbers(counts / np.maximum(total, 1), (total == 0, NO_CURRENT_ROWS))


def json_list(heads: Sequence[str], counts: Counts, at: AnyArray, total: int) -> str | None:
    """Objects of a head, rows, and share of rows at some positions; None if there are none."""
    if not len(at):
        return None
    parts = (f'{{{heads[i]},"rows":{counts[i]},"share":{counts[i] / total:.6g}}}' for i in at)
    return f"[{','.join(parts)}]"


def _single_values(subject: ProfiledWindows) -> tuple[list[str], Counts]:
    """Labels as JSON, and counts, of the values that have a bin of their own."""
    states = subject.states
    if isinstance(states, CategoricalStates):
        return [json.dumps(value) for value in states.binning.values], states.value_rows
    at = np.flatnonzero(states.binning.single_value)
    edges = states.binning.edges[at]
    return [value_label(subject, float(edge)) for edge in edges], states.bins[:, at]


def value_label(subject: ProfiledWindows, value: float) -> str:
    """A value of a numeric feature as JSON: strings for infinities, days, and timestamps, and a
    number that is kept as a distance from an offset with all of its digits."""
    exact = subject.numeric.binning.exact(value)
    if subject.unit == "number" and isinstance(exact, Decimal):
        return numeral(exact)
    if not np.isfinite(value):
        return json.dumps(f"{value:+}")
    return json.dumps(text_of(exact, subject.unit) or float(exact))
