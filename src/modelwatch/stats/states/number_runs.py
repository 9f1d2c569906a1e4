"""Counts, power sums and extremes of runs of numbers."""

from __future__ import annotations

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.states.binning import NAN, NULL, NUMERIC_OFFSET, NumericBinning
from modelwatch.stats.states.moments import Workspace, power_sums
from modelwatch.stats.states.runs import Runs


def numeric_runs(
    values: Floats,
    nulls: AnyArray | None,
    runs: Runs,
    binning: NumericBinning,
    workspace: Workspace,
) -> tuple[Counts, Counts, Floats, Floats]:
    """Counts, power sums, minima and maxima of each run; sorts ``values`` inside the runs."""
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
