"""A few of the random draws of ``make oracles``: no value is further off than its bound."""

from __future__ import annotations

import warnings

import pytest
from scripts.oracles.__main__ import one_draw
from scripts.oracles.errors import Errors


def test_no_value_is_further_from_its_oracle_than_its_bound() -> None:
    errors = Errors()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number in range(26):
            one_draw(errors, 7, number)
    assert not errors.broken, errors.table()


def test_an_error_beyond_its_bound_is_reported() -> None:
    errors = Errors()
    errors.add("ks", "scipy", 0.5, 0.52, where="here", bound=0.01)
    errors.add("psi", "numpy", float("nan"), 0.52, where="here")
    errors.add("mean", "numpy", 1.0, 1.0, where="here")
    assert errors.broken == ["ks", "psi"]
    assert errors.worst["ks"].ratio == pytest.approx(2.0, rel=1e-6)
    assert (errors.worst["psi"].missing, errors.worst["psi"].compared) == (1, 0)
