"""Quantiles read from bins stay within the rank error that they promise."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from modelwatch.stats.profile.quantiles import quantiles
from samples import numeric_binning, numeric_state

REFERENCE = [k / 7 for k in range(-300, 900)]
BINNING = numeric_binning(REFERENCE, special=(-999.0,))
doubles = st.floats(allow_nan=False, allow_infinity=False)
samples = st.lists(st.one_of(doubles, st.floats(-50, 150)), min_size=1, max_size=80)
levels = st.floats(0.0, 1.0)


@given(samples, levels)
def test_rank_is_wrong_by_at_most_the_rows_of_the_bin(rows, level) -> None:
    state = numeric_state(BINNING, rows)
    held = sorted(v for v in rows if v != -999.0)
    if not held:
        return
    found = quantiles(state, [level])[0, 0]
    rank = min(max(1, math.ceil(level * len(held) - 1e-9)), len(held))
    wanted = held[rank - 1]
    assert (
        BINNING.bin_of(found) == BINNING.bin_of(wanted)
        or found == BINNING.upper_edges[BINNING.bin_of(wanted)]
    )
    assert held[0] <= found <= held[-1] or -999.0 in rows


@given(samples)
def test_quantiles_ascend(rows) -> None:
    found = quantiles(numeric_state(BINNING, rows), np.linspace(0, 1, 21))[0]
    held = found[~np.isnan(found)]
    assert (np.diff(held) >= 0).all()


@given(samples)
def test_the_ends_are_exact(rows) -> None:
    held = [v for v in rows if v != -999.0]
    if len(held) == len(rows):
        assert list(quantiles(numeric_state(BINNING, rows), (0.0, 1.0))[0]) == [
            min(held),
            max(held),
        ]


@given(st.lists(st.sampled_from([0.0, 1.0, 2.5, 9.0]), min_size=1, max_size=50), levels)
def test_quantiles_of_few_values_are_exact(rows, level) -> None:
    binning = numeric_binning([0.0, 1.0, 2.5, 9.0])
    rank = min(max(1, math.ceil(level * len(rows) - 1e-9)), len(rows))
    assert quantiles(numeric_state(binning, rows), [level])[0, 0] == sorted(rows)[rank - 1]


def test_no_quantities_have_no_quantiles() -> None:
    state = numeric_state(BINNING, [None, float("nan"), float("inf"), -999.0])
    assert np.isnan(quantiles(state, (0.5,))).all()
