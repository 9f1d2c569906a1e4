"""Metrics of regression models."""

from __future__ import annotations

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.drift.comparison import NO_CURRENT_ROWS, TOO_LARGE, Values, values
from modelwatch.stats.performance.decisions import quotient
from modelwatch.stats.performance.metric import NO_LABELS, performance_metric
from modelwatch.stats.states.regression import (
    EDGES,
    GRID,
    INSIDE,
    SIDE,
    WITH_INTERVAL,
    WITH_RATIO,
    WITH_SYMMETRIC,
    RegressionStates,
)
from modelwatch.stats.states.score_batch import Task

NOT_COMPARED = "no row with a finite prediction and a finite label"
_REGRESSION: tuple[Task, ...] = ("regression",)
_POSITIVE = (0.0, np.inf)
_OWN = "the label's own"
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Levels of the residual quantiles."""


def _missing(states: RegressionStates, *names: str) -> tuple[tuple[AnyArray, str], ...]:
    return (
        (states.rows == 0, NO_CURRENT_ROWS),
        (states.labelled == 0, NO_LABELS),
        (states.compared == 0, NOT_COMPARED),
        *((states.lost(name), TOO_LARGE) for name in names),
    )


@performance_metric(
    "mae",
    label="Mean absolute error",
    tasks=_REGRESSION,
    range=_POSITIVE,
    better="lower",
    source="scikit-learn mean_absolute_error",
    unit=_OWN,
)
def mae(states: RegressionStates) -> Values:
    """Mean absolute difference between prediction and label."""
    mean = states.mean_of("absolute", states.compared)
    return values(states.scale * mean, *_missing(states, "absolute"))


@performance_metric(
    "rmse",
    label="Root mean squared error",
    tasks=_REGRESSION,
    range=_POSITIVE,
    better="lower",
    source="scikit-learn root_mean_squared_error",
    unit=_OWN,
)
def rmse(states: RegressionStates) -> Values:
    """Square root of the mean squared difference between prediction and label."""
    mean = states.mean_of("squared_error", states.compared)
    return values(states.scale * np.sqrt(mean), *_missing(states, "squared_error"))


@performance_metric(
    "bias",
    label="Bias",
    tasks=_REGRESSION,
    range=(-np.inf, np.inf),
    better="neutral",
    source="by definition",
    unit=_OWN,
)
def bias(states: RegressionStates) -> Values:
    """Mean of prediction minus label: positive if predictions are too high."""
    mean = states.mean_of("error", states.compared)
    return values(states.scale * mean, *_missing(states, "error"))


@performance_metric(
    "mape",
    label="Mean absolute percentage error",
    tasks=_REGRESSION,
    range=_POSITIVE,
    better="lower",
    source="scikit-learn mean_absolute_percentage_error, rows with label 0 left out",
    unit="share of the label",
)
def mape(states: RegressionStates) -> Values:
    """Mean absolute difference between prediction and label divided by the absolute label, over
    rows whose label is not 0."""
    rows = states.counts[:, WITH_RATIO]
    return values(
        states.mean_of("ratio", rows),
        *_missing(states, "ratio"),
        (rows == 0, "all labels are 0"),
    )


@performance_metric(
    "smape",
    label="Symmetric mean absolute percentage error",
    tasks=_REGRESSION,
    range=(0.0, 2.0),
    better="lower",
    source="Makridakis (1993)",
    unit="share of their mean size",
)
def smape(states: RegressionStates) -> Values:
    """Mean of 2 abs(prediction - label) / (abs(prediction) + abs(label)), over rows in which either
    is not 0."""
    rows = states.counts[:, WITH_SYMMETRIC]
    return values(
        states.mean_of("symmetric", rows),
        *_missing(states, "symmetric"),
        (rows == 0, "all labels and predictions are 0"),
    )


@performance_metric(
    "r2",
    label="R squared",
    tasks=_REGRESSION,
    range=(-np.inf, 1.0),
    better="higher",
    source="scikit-learn r2_score",
)
def r2(states: RegressionStates) -> Values:
    """Share of the variance of the label that the prediction explains. Undefined if all labels are
    equal."""
    rows = states.compared.astype(object)
    shift = 2 * states.unit_of("label") - states.unit_of("squared_label")
    label, square = states.sum_of("label"), states.sum_of("squared_label")
    # In integers, to avoid cancellation; truncation may give a value slightly below zero.
    spread = (rows * square << shift) - label * label
    missed = rows * states.sum_of("squared_error") << shift
    found = [1.0 - m / s if s > 0 else np.nan for m, s in zip(missed, spread, strict=True)]
    return values(
        np.array(found, dtype=np.float64),
        *_missing(states, "squared_error", "label", "squared_label"),
        (np.array([s <= 0 for s in spread], dtype=bool), "all labels are equal"),
    )


@performance_metric(
    "interval_coverage",
    label="Coverage of the intervals",
    tasks=_REGRESSION,
    range=(0.0, 1.0),
    better="neutral",
    source="by definition",
    unit="share of labeled rows with an interval",
)
def interval_coverage(states: RegressionStates) -> Values:
    """Share of labels inside the prediction interval, including its ends."""
    rows = states.counts[:, WITH_INTERVAL]
    return values(
        quotient(states.counts[:, INSIDE], rows),
        *_missing(states)[:2],
        (rows == 0, "no labeled row with an interval"),
    )


def residual_values() -> Floats:
    """Return the residual that represents each histogram bin, in units of the scale.

    It is the geometric mean of the bin's edges, 0 for the bin around zero, and infinite for the
    bins beyond the grid.
    """
    inner = np.sqrt(np.abs(EDGES[:-1] * EDGES[1:])) * np.sign(EDGES[:-1])
    inner[SIDE] = 0.0
    return np.concatenate([[-np.inf], inner, [np.inf]])


_VALUES = residual_values()


def residual_quantiles(histogram: Counts, level: float) -> Floats:
    """Return the quantile of each histogram in units of the scale, (n,): the value of rank
    ceil(level * rows); NaN for an empty histogram."""
    running = np.cumsum(histogram, axis=1)
    count = running[:, -1]
    rank = np.clip(np.ceil(level * count - 1e-9), 1, np.maximum(count, 1))
    at = np.minimum((running < rank[:, None]).sum(axis=1), GRID - 1)
    return np.where(count > 0, _VALUES[at], np.nan)


def _register_quantile(level: float) -> None:
    def quantile(states: RegressionStates) -> Values:
        found = states.scale * residual_quantiles(states.histogram, level)
        return values(found, *_missing(states))

    quantile.__doc__ = f"Quantile at {level:g} of prediction minus label (numpy's inverted_cdf)."
    performance_metric(
        f"residual_q{round(100 * level):02d}",
        label=f"Residual at {level:g}",
        tasks=_REGRESSION,
        range=(-np.inf, np.inf),
        better="neutral",
        source="Hyndman and Fan (1996), definition 1",
        bound="1% of the value, and 2**-16 of the scale; undefined beyond 2**14 scales",
        unit=_OWN,
    )(quantile)


for _level in LEVELS:
    _register_quantile(_level)
