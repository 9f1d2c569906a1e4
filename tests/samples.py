"""States built from rows, one row after the other, as the tests of the statistics see them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from modelwatch.stats.arrays import Floats
from modelwatch.stats.states.binning import (
    CategoricalBinning,
    NumericBinning,
    fit_categorical,
    fit_numeric,
)
from modelwatch.stats.states.categorical import CategoricalStates, bounded_unseen, categorical_stack
from modelwatch.stats.states.distinct import hash_of_text
from modelwatch.stats.states.moments import LENGTH, power_sums
from modelwatch.stats.states.numeric import NumericStates, numeric_stack
from modelwatch.stats.states.pairs import PairStates, cross_products, standardised


def numeric_binning(values: Sequence[float], bins: int = 200, special: Sequence[float] = ()):
    """Frozen bins of a reference."""
    finite = np.array([v for v in values if np.isfinite(v)], dtype=np.float64)
    quantities = finite[~np.isin(finite, special)]
    low, high = (quantities.min(), quantities.max()) if len(quantities) else (np.nan, np.nan)
    return fit_numeric(finite, low, high, bins=bins, special_values=special)


def numeric_state(binning: NumericBinning, rows: Sequence[float | None]) -> NumericStates:
    """The state of some rows; None is null."""
    values = np.array([v for v in rows if v is not None], dtype=np.float64)
    finite = values[np.isfinite(values)]
    sums = np.zeros((1, LENGTH), dtype=np.int64)
    if len(finite):
        sums = power_sums(finite, np.array([0]), binning.center, binning.scale)
    return NumericStates(
        binning,
        binning.counts_of(values, len(rows) - len(values))[None],
        sums,
        np.array([finite.min() if len(finite) else np.nan]) + 0.0,
        np.array([finite.max() if len(finite) else np.nan]) + 0.0,
    )


def numeric_states(binning: NumericBinning, windows: Sequence[Sequence[float | None]]):
    """A stack of the states of several windows."""
    return numeric_stack([numeric_state(binning, rows) for rows in windows])


def categorical_binning(values: Sequence[str | None], max_values: int = 100) -> CategoricalBinning:
    """Frozen bins of a reference."""
    rows = Counter(value for value in values if value is not None)
    return fit_categorical(rows, {v: hash_of_text(v) for v in rows}, max_values=max_values)


def categorical_state(binning: CategoricalBinning, rows: Sequence[str | None]) -> CategoricalStates:
    """The state of some rows; None is null."""
    counts = np.zeros((1, binning.length), dtype=np.int64)
    unseen: Counter[str] = Counter()
    held = [value for value in rows if value is not None]
    counts[0, 0] = len(rows) - len(held)
    for value in held:
        code = binning.code_of(value, hash_of_text(value))
        counts[0, code] += 1
        if code == 2:
            unseen[value] += 1
    lengths = [len(value) for value in held]
    return CategoricalStates(
        binning,
        counts,
        (bounded_unseen(unseen),),
        np.array([sum(lengths)], dtype=np.int64),
        np.array([min(lengths, default=np.nan)], dtype=np.float64),
        np.array([max(lengths, default=np.nan)], dtype=np.float64),
    )


def categorical_states(binning: CategoricalBinning, windows: Sequence[Sequence[str | None]]):
    """A stack of the states of several windows."""
    return categorical_stack([categorical_state(binning, rows) for rows in windows])


def pair_state(rows: Floats, center: float = 0.0, scale: float = 1.0) -> PairStates:
    """The state of rows (n, d) of a numeric block; what is not finite is missing."""
    d = rows.shape[1]
    present = np.isfinite(rows)
    held = np.where(present, rows, center)
    z = np.stack([standardised(held[:, j].copy(), center, scale) for j in range(d)], axis=1)
    z[~present] = 0.0
    products = cross_products(z, present, present.all(axis=0))[None]
    return PairStates(tuple(f"f{j}" for j in range(d)), "block", products)


def pair_states(windows: Sequence[Floats]) -> PairStates:
    """A stack of the states of several windows."""
    parts = [pair_state(rows) for rows in windows]
    products = np.concatenate([part.products for part in parts])
    return PairStates(parts[0].features, parts[0].fingerprint, products)
