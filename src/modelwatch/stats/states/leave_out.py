"""States of all scopes but some, by prefixes and suffixes, because extremes cannot be
subtracted."""

from __future__ import annotations

import numpy as np

from modelwatch.stats.arrays import Counts, Floats, Spans
from modelwatch.stats.states.categorical import CategoricalStates
from modelwatch.stats.states.moments import normalised
from modelwatch.stats.states.numeric import NumericStates

FeatureStates = NumericStates | CategoricalStates


def without_spans(states: FeatureStates, spans: Spans) -> FeatureStates:
    """For each span ``[start, stop)`` of scopes, the merged state of all others; (w, 2).

    Unseen values are not kept by name, but their rows are.
    """
    if isinstance(states, NumericStates):
        return NumericStates(
            states.binning,
            _rest(states.counts, spans),
            normalised(_rest(states.sums, spans)),
            _extremes(states.minimum, spans, np.fmin),
            _extremes(states.maximum, spans, np.fmax),
        )
    return CategoricalStates(
        states.binning,
        _rest(states.counts, spans),
        ({},) * len(spans),
        _rest(states.length_sum, spans),
        _extremes(states.length_min, spans, np.fmin),
        _extremes(states.length_max, spans, np.fmax),
    )


def _rest(stack: Counts, spans: Spans) -> Counts:
    running = np.zeros((len(stack) + 1, *stack.shape[1:]), dtype=np.int64)
    np.cumsum(stack, axis=0, out=running[1:])
    before, after = running[spans[:, 0]], running[-1] - running[spans[:, 1]]
    return np.asarray(before + after, dtype=np.int64)


def _extremes(values: Floats, spans: Spans, ufunc: np.ufunc) -> Floats:
    none = np.array([np.nan])
    before = np.concatenate([none, ufunc.accumulate(values)])
    after = np.concatenate([ufunc.accumulate(values[::-1])[::-1], none])
    return np.asarray(ufunc(before[spans[:, 0]], after[spans[:, 1]]), dtype=np.float64)
