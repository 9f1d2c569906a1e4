"""Array types of the statistics."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Counts: TypeAlias = NDArray[np.int64]
Hashes: TypeAlias = NDArray[np.uint64]
Spans: TypeAlias = NDArray[np.int64]
"""Half-open index ranges ``[start, stop)`` into a stack, shape (n, 2)."""
AnyArray: TypeAlias = NDArray[Any]


def sums_over_spans(stack: Counts, spans: Spans) -> Counts:
    """Sums of the rows of each span: shape (n_spans, ...) from (n_rows, ...).

    Integers, so a difference of cumulative sums is exact.
    """
    running = np.zeros((stack.shape[0] + 1, *stack.shape[1:]), dtype=np.int64)
    np.cumsum(stack, axis=0, out=running[1:])
    return running[spans[:, 1]] - running[spans[:, 0]]


def minima_over_spans(values: Floats, spans: Spans) -> Floats:
    """Least value of each span; NaN where a span holds none (NaN marks a scope without values)."""
    return np.array(
        [_extreme(values[start:stop], np.fmin) for start, stop in spans], dtype=np.float64
    )


def maxima_over_spans(values: Floats, spans: Spans) -> Floats:
    """Greatest value of each span; NaN where a span holds none."""
    return np.array(
        [_extreme(values[start:stop], np.fmax) for start, stop in spans], dtype=np.float64
    )


def _extreme(values: Floats, ufunc: np.ufunc) -> float:
    return float(ufunc.reduce(values)) if len(values) else float("nan")
