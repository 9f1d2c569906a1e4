"""Chi-square test of two samples over the same cells, and the strength of the association."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.drift.comparison import Comparison, ComparisonKind, Values, values
from modelwatch.stats.drift.divergence import DECILES
from modelwatch.stats.drift.merged_cells import UNKNOWN, zero_unless_merged
from modelwatch.stats.drift.statistic import statistic
from modelwatch.stats.special import chi_square_tail

RARE = 5.0
"""Expected rows below which a cell is merged (Cochran 1954)."""

_FEATURE: tuple[ComparisonKind, ...] = ("numeric", "categorical")


@statistic(
    "chi_square",
    label="Chi-square statistic",
    kinds=_FEATURE,
    range=(0.0, np.inf),
    symmetric=False,
    unit="chi-square; grows with the number of rows",
    source="Pearson (1900); Cochran (1954) for the merging of rare cells",
    bound=UNKNOWN,
    error_bound=zero_unless_merged,
)
def chi_square(comparison: Comparison) -> Values:
    """Chi-square of the contingency table of window and reference by decile of the reference, or
    by category. Cells with fewer than 5 expected rows are merged. Null, NaN, and special values
    are cells as well.
    """
    table = comparison.memoized(_merged_table)
    return values(table.chi_square, *_conditions(comparison, table))


@statistic(
    "chi_square_p_value",
    label="p-value of chi-square",
    kinds=_FEATURE,
    range=(0.0, 1.0),
    symmetric=False,
    identical=1.0,
    unit="probability",
    source="Pearson (1900)",
    bound=UNKNOWN,
    error_bound=zero_unless_merged,
)
def chi_square_p_value(comparison: Comparison) -> Values:
    """Probability of a chi-square at least this large if all rows were drawn independently from
    one distribution.

    Rows of one day are not independent, so it is too small for real logs.
    """
    table = comparison.memoized(_merged_table)
    p = chi_square_tail(table.chi_square, table.cells - 1)
    return values(p, *_conditions(comparison, table))


@statistic(
    "cramers_v",
    label="Cramer's V",
    kinds=_FEATURE,
    range=(0.0, 1.0),
    symmetric=False,
    smoothing="bias correction of Bergsma",
    unit="association of the side (window or reference) and the cell",
    source="Cramer (1946), section 21.9; Bergsma (2013) for the bias correction",
    bound=UNKNOWN,
    error_bound=zero_unless_merged,
)
def cramers_v(comparison: Comparison) -> Values:
    """Strength of the association that chi-square tests, independent of the number of rows,
    corrected for chance.

    It depends on the ratio of the two sizes, so compare only windows of the same size.
    """
    table = comparison.memoized(_merged_table)
    rows, cells = np.maximum(table.rows, 2), table.cells
    excess = table.chi_square / rows - (cells - 1) / (rows - 1)
    columns = cells - (cells - 1) ** 2 / (rows - 1)
    lines = 2.0 - 1.0 / (rows - 1)
    limit = np.minimum(columns, lines) - 1.0
    squared = np.divide(np.maximum(excess, 0.0), limit, out=np.zeros_like(limit), where=limit > 0)
    return values(np.sqrt(np.minimum(squared, 1.0)), *_conditions(comparison, table))


@dataclass(frozen=True)
class _Table:
    """Two-row contingency tables after merging: (W,) each."""

    chi_square: Floats
    cells: Counts
    occupied: Counts
    rows: Counts


def _conditions(comparison: Comparison, table: _Table) -> tuple[tuple[AnyArray, str], ...]:
    few = (table.cells < 2) & (table.occupied > 1)
    return (
        *comparison.without_rows,
        (few, "too few rows: only one cell is left after rare cells are merged"),
    )


def _merged_table(comparison: Comparison) -> _Table:
    current, reference = (c.astype(np.float64) for c in comparison.cells(DECILES))
    reference = np.broadcast_to(reference, current.shape)
    n, m = current.sum(axis=1), reference.sum(axis=1)
    rows = n + m
    column = current + reference
    smaller = np.minimum(n, m) / np.maximum(rows, 1.0)
    rare = (column * smaller[:, None] < RARE) & (column > 0)
    # If the combined rare cells are still too few, the smallest of the other cells is added.
    rest = np.where(rare, column, 0.0).sum(axis=1)
    takes = rare.any(axis=1) & (rest * smaller < RARE)
    sizes = np.where(rare | (column == 0), np.inf, column)
    next_smallest = np.argmin(sizes, axis=1)
    lines = np.arange(len(column))
    rare[lines, next_smallest] |= takes & np.isfinite(sizes[lines, next_smallest])
    frequent = np.where(rare, 0.0, 1.0)
    first = np.concatenate(
        [current * frequent, (current * (1 - frequent)).sum(axis=1)[:, None]], axis=1
    )
    both = np.concatenate(
        [column * frequent, (column * (1 - frequent)).sum(axis=1)[:, None]], axis=1
    )
    share = (n / np.maximum(rows, 1.0))[:, None]
    expected = both * share
    scaled = (first - expected) ** 2
    divisor = expected * (1.0 - share)
    terms = np.divide(scaled, divisor, out=np.zeros_like(scaled), where=divisor > 0)
    return _Table(
        chi_square=terms.sum(axis=1),
        cells=(both > 0).sum(axis=1),
        occupied=(column > 0).sum(axis=1),
        rows=rows.astype(np.int64),
    )
