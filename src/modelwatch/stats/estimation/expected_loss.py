"""Performance of a regression before labels are known, from expected losses.

A regressor of the loss, fitted once on labeled rows, predicts the error of each prediction. Its
predictions add up: their mean over the rows of a window is the expected error of the window.
Source: the estimator is NannyML's (direct loss estimation, DLE).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.drift.comparison import TOO_LARGE, values
from modelwatch.stats.estimation.estimates import Estimate
from modelwatch.stats.states.moments import MOMENT_UNITS, PARTS, whole_sums
from modelwatch.stats.states.stack import Stack

LOSS_ASSUMPTION = (
    "Estimated by a regression of the loss on features and prediction, without labels. Assumes "
    "that P(y|x) is the same as in the reference: it reflects changes of the inputs towards rows "
    "that are easier or harder to predict, but not changes in how the outcome depends on the "
    "inputs, nor inputs that the reference does not contain."
)
"""The assumption of every loss estimate; stored with it."""

NO_EXPECTED = "no row with an expected loss"
LOSSES = ("absolute", "squared")
"""abs(y - p) relative to the scale, and its square."""
OPEN, COMPARED = 0, 1
"""Rows whose label is unknown, and rows with a finite prediction and label."""
SIDES = 2
_POWERS = 2
"""The sum of the expected losses, and that of their squares."""
SUMS = len(LOSSES) * SIDES * _POWERS * PARTS
"""Longs: loss x side x power, four each, in the fixed-point format of ``moments``."""


def first_long(loss: int, side: int) -> int:
    """Where the two power sums of a loss begin."""
    return (loss * SIDES + side) * _POWERS * PARTS


@dataclass(frozen=True)
class LossRegressor:
    """A fitted regressor of the loss: its version, and the dispersion of losses.

    ``dispersion``: for each of ``LOSSES``, the mean squared difference between loss and expectation
    divided by the mean square of the expectation, on rows that it was not fitted on.
    """

    version: str
    dispersion: tuple[float, float]


@dataclass(frozen=True)
class LossStates(Stack):
    """A stack of n scopes of one regression with the expected losses of one regressor.

    ``counts`` (n, 2): rows with an expected loss, by side. ``sums`` (n, ``SUMS``). ``scale``: the
    frozen scale of the predicted value.
    """

    counts: Counts
    sums: Counts
    scale: float
    version: str
    added: ClassVar[tuple[str, ...]] = ("counts", "sums")

    @property
    def identity(self) -> str:
        """The regressor, and the scale of its losses."""
        return f"losses expected by {self.version} in {self.scale!r}"

    def rows(self, *, labelled_only: bool = False) -> Counts:
        """Rows with an expected loss, (n,)."""
        return self.counts[:, COMPARED] if labelled_only else self.counts.sum(axis=1)

    def power_sums(self, loss: int, *, labelled_only: bool = False) -> tuple[Floats, Floats]:
        """Sums of the expected losses and of their squares, (n,) each; NaN if one is lost."""
        sides = (COMPARED,) if labelled_only else (OPEN, COMPARED)
        found = []
        for power in range(_POWERS):
            at = [first_long(loss, side) // PARTS + power for side in sides]
            total = self._whole[:, at].sum(axis=1)
            lost = self.sums[:, [PARTS * place + 3 for place in at]].any(axis=1)
            unit = 1 << MOMENT_UNITS[power]
            sums = np.array([int(units) / unit for units in total], dtype=np.float64)
            found.append(np.where(lost, np.nan, sums))
        return found[0], found[1]

    @cached_property
    def _whole(self) -> AnyArray:
        return whole_sums(self.sums)


def loss_estimates(
    states: LossStates, regressor: LossRegressor, *, labelled_only: bool = False
) -> dict[str, Estimate]:
    """The estimated errors of some windows, by the keys of the realized ones; (W,) each.

    ``labelled_only``: of their labeled rows, to compare with realized values. The spread is that of
    independent rows whose loss has a standard deviation proportional to its expectation; for the
    root of a mean, its first-order approximation.
    """
    rows = states.rows(labelled_only=labelled_only)
    count = rows.astype(np.float64)
    found: dict[str, tuple[Floats, Floats]] = {}
    with np.errstate(divide="ignore", invalid="ignore"):
        for at, loss in enumerate(LOSSES):
            total, squares = states.power_sums(at, labelled_only=labelled_only)
            spread = np.sqrt(regressor.dispersion[at] * squares) / count
            # A forest's mean of losses is never negative, but that of other regressors may be.
            found[loss] = np.maximum(total / count, 0.0), spread
        mean_square, spread = found["squared"]
        root = np.sqrt(mean_square)
        pairs = {
            "mae": (states.scale * found["absolute"][0], states.scale * found["absolute"][1]),
            "rmse": (
                states.scale * root,
                states.scale * np.where(root > 0, spread / (2.0 * root), 0.0),
            ),
        }
    return {key: _estimate(value, sd, rows) for key, (value, sd) in pairs.items()}


def no_loss_estimates(windows: int, reason: str) -> Mapping[str, Estimate]:
    """The result for windows without a loss regressor."""
    nothing = np.full(windows, np.nan)
    unknown = values(nothing, (np.ones(windows, dtype=bool), reason))
    return {key: Estimate(unknown, nothing, np.zeros(windows)) for key in ("mae", "rmse")}


def _estimate(value: Floats, sd: Floats, rows: Counts) -> Estimate:
    found = values(value, (rows == 0, NO_EXPECTED), (np.isnan(value), TOO_LARGE))
    return Estimate(found, np.where(np.isnan(found.value), np.nan, sd), rows.astype(np.float64))
