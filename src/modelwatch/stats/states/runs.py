"""Rows of a batch sorted into runs of one scope and segment each, and the sums of numeric runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.states.batch import Batch
from modelwatch.stats.states.binning import NAN, NULL, NUMERIC_OFFSET, NumericBinning
from modelwatch.stats.states.moments import Workspace, power_sums


@dataclass(frozen=True)
class Runs:
    """Present rows sorted into runs of one scope and segment each.

    ``order``: the order of the rows, None if unchanged. ``starts``, ``stops``: of each run.
    ``scopes``, ``codes``: scope and segment of each run. ``row_codes``: scope and segment of each
    present row in its original order, ``scope * segments + code``. ``present``: mask of the rows,
    None for all.
    """

    order: AnyArray | None
    starts: AnyArray
    stops: AnyArray
    scopes: AnyArray
    codes: AnyArray
    row_codes: AnyArray
    present: AnyArray | None


def runs_of(
    scopes: AnyArray | None, codes: AnyArray | None, segments: int, batch: Batch, role: int
) -> Runs:
    """The rows of a batch that have a role, by scope and segment code; None if there is one of
    either."""
    present = batch.present[role]
    rows = batch.rows
    if scopes is None and codes is None:
        combined = np.zeros(rows, dtype=np.int32)
    elif scopes is None:
        combined = np.asarray(codes)
    elif codes is None:
        combined = scopes * segments
    else:
        combined = scopes * segments + codes
    if present is not None:
        combined = combined[present]
    if not len(combined):
        none = np.empty(0, dtype=np.int64)
        return Runs(none, none, none, none, none, combined, present)
    if combined.min() == combined.max():
        order = None if present is None else np.flatnonzero(present)
        starts, first = np.zeros(1, dtype=np.int64), combined[:1]
    else:
        # A stable sort of 16-bit keys is a radix sort: linear in the rows.
        narrow = combined.astype(np.uint16) if combined.max() < 2**16 else combined
        order = np.argsort(narrow, kind="stable")
        ordered = combined[order]
        starts = np.flatnonzero(np.diff(ordered, prepend=ordered[0] - 1))
        first = ordered[starts]
        if present is not None:
            order = np.flatnonzero(present)[order]
    stops = np.append(starts[1:], len(combined))
    return Runs(order, starts, stops, first // segments, first % segments, combined, present)


def numeric_runs(
    values: Floats,
    nulls: AnyArray | None,
    runs: Runs,
    binning: NumericBinning,
    workspace: Workspace,
) -> tuple[Counts, Counts, Floats, Floats]:
    """Counts, power sums, minima, and maxima of each run; sorts ``values`` within the runs."""
    edges = binning.search_edges
    n = len(runs.starts)
    positions = np.empty((n, len(edges)), dtype=np.int64)
    for i in range(n):
        run = values[runs.starts[i] : runs.stops[i]]
        run.sort()
        positions[i] = run.searchsorted(edges)
    counts = np.empty((n, binning.length), dtype=np.int64)
    np.subtract(positions[:, 1:], positions[:, :-1], out=counts[:, NUMERIC_OFFSET:])
    counts[:, NULL] = 0 if nulls is None else np.add.reduceat(nulls.astype(np.int64), runs.starts)
    counts[:, NAN] = (runs.stops - runs.starts) - positions[:, -1] - counts[:, NULL]
    first, last = runs.starts + positions[:, 1], runs.starts + positions[:, -2] - 1
    empty = last < first
    bound = len(values) - 1
    minimum = np.where(empty, np.nan, values[np.minimum(first, bound)])
    maximum = np.where(empty, np.nan, values[np.maximum(last, 0)])
    if (last - first + 1).sum() < len(values):
        values = np.where(np.isfinite(values), values, binning.center)
    ends = np.array([np.fmin.reduce(minimum), np.fmax.reduce(maximum)])
    with np.errstate(over="ignore"):
        largest = float(np.nan_to_num(np.abs(ends - binning.center)).max())
    sums = power_sums(values, runs.starts, binning.center, binning.scale, workspace, largest)
    return counts, sums, minimum + 0.0, maximum + 0.0
