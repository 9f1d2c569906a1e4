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
LARGEST_DOUBLE = float(np.finfo(np.float64).max)


def known_number(value: float) -> float | None:
    """A number in rows: None for NaN."""
    return None if np.isnan(value) else float(value)


def day_spans(days: AnyArray, firsts: AnyArray, lasts: AnyArray) -> Spans:
    """The spans of ascending days between first and last days, inclusive."""
    starts = np.searchsorted(days, firsts, side="left")
    stops = np.maximum(np.searchsorted(days, lasts, side="right"), starts)
    return np.stack((starts, stops), axis=1).astype(np.int64)


def sums_over_spans(stack: Counts, spans: Spans) -> Counts:
    """Sums of the rows of each span: shape (n_spans, ...) from (n_rows, ...).

    For integers, so a difference of cumulative sums is exact.
    """
    if len(spans) == 1:
        (start, stop), *_ = spans
        return np.asarray(stack[start:stop].sum(axis=0, dtype=np.int64)[None])
    running = np.zeros((stack.shape[0] + 1, *stack.shape[1:]), dtype=np.int64)
    np.cumsum(stack, axis=0, out=running[1:])
    return running[spans[:, 1]] - running[spans[:, 0]]


def minima_over_spans(values: Floats, spans: Spans) -> Floats:
    """Minimum of each span; NaN if a span has no values (NaN marks a scope without values)."""
    return _over_spans(values, spans, np.fmin)


def maxima_over_spans(values: Floats, spans: Spans) -> Floats:
    """Maximum of each span; NaN if a span has no values."""
    return _over_spans(values, spans, np.fmax)


def _over_spans(values: Floats, spans: Spans, ufunc: np.ufunc) -> Floats:
    if not len(spans):
        return np.empty(0)
    # The end of the last span may equal the number of values, which reduceat does not accept as an
    # index. reduceat also reduces between spans; those results are not used.
    padded = np.append(values, np.nan).astype(np.float64, copy=False)
    found = ufunc.reduceat(padded, np.ascontiguousarray(spans).ravel())[::2]
    return np.where(spans[:, 1] > spans[:, 0], found, np.nan)
