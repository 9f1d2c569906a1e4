"""Profile metrics of a categorical feature."""

from __future__ import annotations

import json

import numpy as np

from modelwatch.stats.arrays import AnyArray
from modelwatch.stats.profile.metric import (
    FeatureKind,
    MetricValues,
    ProfiledWindows,
    metric,
    numbers,
    texts,
)
from modelwatch.stats.profile.rows import NO_VALUES, json_list, share

EXAMPLES = 10
"""Number of unseen values in ``unseen_values``."""
NO_LENGTHS = "lengths are not kept for segments"
_CATEGORICAL: tuple[FeatureKind, ...] = ("categorical",)


@metric("other_share", label="Share of other values", kinds=_CATEGORICAL, unit="share of rows")
def other_share(subject: ProfiledWindows) -> MetricValues:
    """Share of rows whose value occurs in the reference, but has no bin of its own."""
    return share(subject, subject.categorical.other_rows)


@metric("unseen", label="Unseen", kinds=_CATEGORICAL, unit="rows")
def unseen(subject: ProfiledWindows) -> MetricValues:
    """Rows whose value does not occur in the reference of the bins."""
    return numbers(subject.categorical.unseen_rows)


@metric("unseen_share", label="Share of unseen", kinds=_CATEGORICAL, unit="share of rows")
def unseen_share(subject: ProfiledWindows) -> MetricValues:
    """Share of rows whose value does not occur in the reference of the bins."""
    return share(subject, subject.categorical.unseen_rows)


@metric("unseen_values", label="Unseen values", kinds=_CATEGORICAL, unit="JSON")
def unseen_values(subject: ProfiledWindows) -> MetricValues:
    """JSON array of up to 10 objects {value, rows, share} of unseen values, most frequent first.
    With more than 64 distinct values, they are from a random sample of 64."""
    states = subject.categorical
    found: list[str | None] = []
    for rows_by_value, total in zip(states.unseen, states.rows, strict=True):
        ranked = sorted(rows_by_value.items(), key=lambda item: (-item[1], item[0]))[:EXAMPLES]
        heads = [f'"value":{json.dumps(value)}' for value, _ in ranked]
        counts = np.array([count for _, count in ranked], dtype=np.int64)
        found.append(json_list(heads, counts, np.arange(len(heads)), total))
    shown = texts(found, "no unseen values")
    hidden = (states.unseen_rows > 0) & (shown.text == np.array(None))
    shown.reason[hidden] = "unseen values are not kept for segments"
    return shown


@metric("length_min", label="Least length", kinds=_CATEGORICAL, unit="characters")
def length_min(subject: ProfiledWindows) -> MetricValues:
    """Number of characters of the shortest value."""
    return _of_lengths(subject, subject.categorical.length_min)


@metric("length_mean", label="Mean length", kinds=_CATEGORICAL, unit="characters")
def length_mean(subject: ProfiledWindows) -> MetricValues:
    """Mean number of characters of the values that are not null."""
    states = subject.categorical
    return _of_lengths(subject, states.length_sum / np.maximum(states.rows - states.nulls, 1))


@metric("length_max", label="Greatest length", kinds=_CATEGORICAL, unit="characters")
def length_max(subject: ProfiledWindows) -> MetricValues:
    """Number of characters of the longest value."""
    return _of_lengths(subject, subject.categorical.length_max)


def _of_lengths(subject: ProfiledWindows, value: AnyArray) -> MetricValues:
    states = subject.categorical
    return numbers(
        value,
        (states.rows == states.nulls, NO_VALUES),
        (np.isnan(states.length_min), NO_LENGTHS),
    )
