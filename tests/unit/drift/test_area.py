"""The area between two distribution functions."""

from __future__ import annotations

import numpy as np

from modelwatch.stats.drift.area import area_between
from samples import numeric_binning, numeric_state


def test_there_is_no_area_where_nothing_has_a_value() -> None:
    binning = numeric_binning([0.0, 1.0, 2.0])
    nothing = numeric_state(binning, [np.nan, np.inf])
    found = area_between(nothing, nothing)
    assert np.isnan([found.estimate, found.least, found.greatest]).all()
