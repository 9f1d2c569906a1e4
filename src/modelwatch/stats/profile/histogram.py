"""Bars of a histogram: combined frozen bins, which depend on the binning only."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from modelwatch.stats import value_names
from modelwatch.stats.arrays import AnyArray, Floats
from modelwatch.stats.instants import text_of
from modelwatch.stats.numerals import numerals
from modelwatch.stats.profile.metric import Unit
from modelwatch.stats.states.binning import (
    CATEGORICAL_OFFSET,
    NUMERIC_OFFSET,
    TAIL_STEPS,
    Binning,
    NumericBinning,
    labels_of,
)

_MAX_VALUES = 30
"""Maximum values with their own bin for which each has a bar of its own."""
_STEPS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0, 8.0, 16.0)
_APART = (value_names.NULL, value_names.NAN, "-inf", "+inf")


def bars_of(binning: Binning) -> AnyArray:
    """Bar of each position of the count vector, from 0.

    Numeric: null, NaN, -inf, +inf, the special values, and then runs of bins. If at most
    ``_MAX_VALUES`` values have a bin of their own, each has a bar, and so has each gap; otherwise,
    bars end at the frozen edges next to multiples of the reference's scale around its center.
    Categorical: null, other, unseen, and the first ``_MAX_VALUES`` values in order; the rest share
    a bar.
    """
    if not isinstance(binning, NumericBinning):
        rest = CATEGORICAL_OFFSET + _MAX_VALUES
        return np.minimum(np.arange(binning.length), rest)
    bars = np.empty(binning.length, dtype=np.int64)
    bars[:NUMERIC_OFFSET] = (0, 1)
    of_bins = bars[NUMERIC_OFFSET:]
    apart = len(_APART) + len(binning.special_values)
    of_bins[:] = apart + np.searchsorted(_cuts(binning), binning.edges, side="right")
    of_bins[[0, -1]] = (2, 3)
    for i, value in enumerate(binning.special_values):
        of_bins[binning.bin_of(value)] = len(_APART) + i
    return bars


def bar_labels(binning: Binning, unit: Unit = "number") -> list[str]:
    """Label of each bar."""
    if not isinstance(binning, NumericBinning):
        rest = [value_names.REST] if len(binning.values) > _MAX_VALUES else []
        return [*labels_of(binning)[: CATEGORICAL_OFFSET + _MAX_VALUES], *rest]
    cuts = [float(cut) for cut in _cuts(binning)]
    ends = _texts(binning, cuts, unit)
    labels = [f"< {ends[0]}"] if ends else ["all"]
    for low, high, low_text, high_text in zip(
        cuts, [*cuts[1:], np.inf], ends, [*ends[1:], ""], strict=True
    ):
        if math.nextafter(low, math.inf) == high:
            labels.append(low_text)
        else:
            labels.append(f"{low_text} to {high_text}" if high_text else f">= {low_text}")
    special = [f"{text} (special)" for text in _texts(binning, binning.special_values, unit)]
    return [*_APART, *special, *labels]


def _cuts(binning: NumericBinning) -> Floats:
    """Edges at which a new bar begins, ascending."""
    singles = [
        float(edge)
        for edge in binning.edges[1:-1][binning.single_value[1:-1]]
        if edge not in binning.special_values
    ]
    if len(singles) <= _MAX_VALUES and _few_valued(binning):
        with np.errstate(over="ignore"):
            both = [*singles, *(float(np.nextafter(value, np.inf)) for value in singles)]
        return np.array(sorted(set(both)))
    with np.errstate(over="ignore"):
        steps = np.array(_STEPS) * binning.scale
        wanted = binning.center + np.concatenate([-steps[::-1], [0.0], steps])
    inner = binning.edges[1:-1]
    after = np.clip(np.searchsorted(inner, wanted), 1, len(inner) - 1)
    nearer = np.abs(inner[after - 1] - wanted) <= np.abs(inner[after] - wanted)
    return np.unique(inner[np.where(nearer, after - 1, after)])


def _few_valued(binning: NumericBinning) -> bool:
    """Whether the edges are only those of single values and of the grids beyond the ends."""
    return len(binning.edges) <= 2 * int(binning.single_value.sum()) + 2 * len(TAIL_STEPS) + 3


def _texts(binning: NumericBinning, values: Floats | Sequence[float], unit: Unit) -> list[str]:
    """Readable values; numbers with enough digits to distinguish bars."""
    if not len(values):
        return []
    # The next double above a single value ends its bar, and is labeled like the value.
    with np.errstate(over="ignore"):
        adjacent = np.append(False, np.asarray(values)[1:] == np.nextafter(values[:-1], np.inf))
    apart = [binning.label(float(value)) for value in np.asarray(values)[~adjacent]]
    texts = [text_of(value, unit) for value in apart]
    known = [text or plain for text, plain in zip(texts, numerals(apart), strict=True)]
    return [known[at] for at in np.cumsum(~adjacent) - 1]
