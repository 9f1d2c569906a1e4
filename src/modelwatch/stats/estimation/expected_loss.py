"""Performance of a regression where labels are not known yet, from the losses that are expected.

A regressor of the loss, fitted once on labeled rows, says of each prediction how far off it will
be. What it says adds up: the mean over the rows of a window is what the window's error will be.
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
from modelwatch.stats.states.moments import PARTS, UNITS, whole_sums
from modelwatch.stats.states.stack import Stack

LOSS_ASSUMPTION = (
    "Estimated from features and prediction by a regression of the loss, not from labels. It holds "
    "as long as rows of a kind are missed by as much as in the reference, P(y|x) unchanged: it "
    "follows changes of the inputs towards rows that are easier or harder, and does not see a "
    "change of how the outcome depends on them, nor what the reference had no rows of."
)
"""What every estimate of a loss assumes; printed beside it."""

NO_EXPECTED = "no row with an expected loss"
LOSSES = ("absolute", "squared")
"""abs(y - p) relative to the scale, and its square."""
OPEN, COMPARED = 0, 1
"""Rows whose label is not known, and rows with a finite prediction and label."""
SIDES = 2
POWERS = 2
"""The sum of the expected losses, and that of their squares."""
SUMS = len(LOSSES) * SIDES * POWERS * PARTS
"""Longs: loss x side x power, four each, in the fixed point of ``moments``."""


def first_long(loss: int, side: int) -> int:
    """Where the two power sums of a loss begin."""
    return (loss * SIDES + side) * POWERS * PARTS


@dataclass(frozen=True)
class LossRegressor:
    """A fitted regressor of the loss: its version, and how far losses are from what it expects.

    ``dispersion``: for each of ``LOSSES``, the mean squared distance of loss and expectation over
    the mean square of the expectation, on rows that it was not fitted on.
    """

    version: str
    dispersion: tuple[float, float]


@dataclass(frozen=True)
class LossStates(Stack):
    """A stack of n scopes of one regression with the losses that one regressor expects.

    ``counts`` (n, 2): rows with an expected loss, by side. ``sums`` (n, ``SUMS``). ``scale`` is the
    frozen one of the predicted value.
    """

    counts: Counts
    sums: Counts
    scale: float
    version: str
    added: ClassVar[tuple[str, ...]] = ("counts", "sums")

    @property
    def identity(self) -> str:
        """Which regressor's losses they are, and what they are relative to."""
        return f"losses expected by {self.version} in {self.scale!r}"

    def rows(self, *, labelled_only: bool = False) -> Counts:
        """Rows with an expected loss, (n,)."""
        return self.counts[:, COMPARED] if labelled_only else self.counts.sum(axis=1)

    def power_sums(self, loss: int, *, labelled_only: bool = False) -> tuple[Floats, Floats]:
        """Sums of the expected losses and of their squares, (n,) each; NaN where one is lost."""
        sides = (COMPARED,) if labelled_only else (OPEN, COMPARED)
        found = []
        for power in range(POWERS):
            at = [first_long(loss, side) // PARTS + power for side in sides]
            total = self._whole[:, at].sum(axis=1)
            lost = self.sums[:, [PARTS * place + 3 for place in at]].any(axis=1)
            unit = 1 << UNITS[power]
            sums = np.array([int(units) / unit for units in total], dtype=np.float64)
            found.append(np.where(lost, np.nan, sums))
        return found[0], found[1]

    @cached_property
    def _whole(self) -> AnyArray:
        return whole_sums(self.sums)


def loss_estimates(
    states: LossStates, regressor: LossRegressor, *, labelled_only: bool = False
) -> dict[str, Estimate]:
    """The estimated errors of some windows, by the keys of the realised ones; (W,) each.

    ``labelled_only``: of their labeled rows, to set it beside the truth. The spread is that of
    independent rows whose loss has a standard deviation in proportion to its expectation; that of
    the root of a mean is its first-order approximation.
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
    """What is said of windows where there is no regressor of the loss."""
    nothing = np.full(windows, np.nan)
    said = values(nothing, (np.ones(windows, dtype=bool), reason))
    return {key: Estimate(said, nothing, np.zeros(windows)) for key in ("mae", "rmse")}


def _estimate(value: Floats, sd: Floats, rows: Counts) -> Estimate:
    found = values(value, (rows == 0, NO_EXPECTED), (np.isnan(value), TOO_LARGE))
    return Estimate(found, np.where(np.isnan(found.value), np.nan, sd), rows.astype(np.float64))
