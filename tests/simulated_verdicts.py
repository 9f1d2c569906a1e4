"""Verdicts on simulated days, from states alone: drift, chance, correction, and persistence."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from modelwatch.model.planning.window_specs import DEFAULT_THRESHOLDS
from modelwatch.stats.drift.comparison import Comparison
from modelwatch.stats.drift.statistics import drift
from modelwatch.stats.states.binning import (
    CATEGORICAL_OFFSET,
    NULL,
    CategoricalBinning,
    fit_numeric,
)
from modelwatch.stats.states.categorical import CategoricalStates
from modelwatch.stats.states.leave_out import FeatureStates
from modelwatch.stats.states.moments import power_sums
from modelwatch.stats.states.numeric import NumericStates
from modelwatch.stats.verdicts.chance import chance_models, with_chances
from modelwatch.stats.verdicts.judgement import FAIL, judged

MONDAY = 4
"""Day number, since 1970-01-01, of a Monday."""


def category_states(counts: np.ndarray, nulls: np.ndarray | None = None) -> CategoricalStates:
    """Days of a category from rows of each value, (m, V), and of none, (m,)."""
    m, values = counts.shape
    binning = CategoricalBinning(tuple(f"value {at:03}" for at in range(values)))
    held = np.zeros((m, binning.length), dtype=np.int64)
    held[:, CATEGORICAL_OFFSET:] = counts
    held[:, NULL] = 0 if nulls is None else nulls
    length = np.full(m, 9.0)
    return CategoricalStates(binning, held, ({},) * m, 9 * counts.sum(axis=1), length, length)


def number_states(
    days: list[np.ndarray], reference_days: int, nulls: np.ndarray | None = None
) -> NumericStates:
    """Days of a number from the values of each; bins are fitted on the reference's."""
    known = np.concatenate(days[:reference_days])
    binning = fit_numeric(known, float(known.min()), float(known.max()))
    starts = np.concatenate([[0], np.cumsum([len(day) for day in days])[:-1]])
    lost = np.zeros(len(days), dtype=int) if nulls is None else nulls
    return NumericStates(
        binning,
        np.stack([binning.counts_of(day, int(n)) for day, n in zip(days, lost, strict=True)]),
        power_sums(np.concatenate(days), starts, binning.center, binning.scale),
        np.array([day.min() for day in days]),
        np.array([day.max() for day in days]),
    )


def failures(
    features: Mapping[str, FeatureStates],
    reference_days: int,
    thresholds: Mapping[str, float] = DEFAULT_THRESHOLDS,
    lengths: tuple[int, ...] = (1, 7),
    assumed_design_effect: float = 10.0,
) -> list[tuple[str, str, int, int]]:
    """Feature, statistic, length, and position of the window, for the metrics that fail.

    The windows after the reference are days, and weeks from its end on; each window is a family.
    """
    asked: dict[tuple[int, int], list[tuple[str, str, float, float, int, int]]] = {}
    for name, states in features.items():
        reference = states.take(np.arange(reference_days))
        total = reference.roll_up(np.array([[0, reference_days]]))
        numbers = MONDAY + np.arange(len(states))
        models = chance_models(
            reference, numbers[:reference_days], thresholds, assumed_design_effect
        )
        for length in lengths:
            first = np.arange(reference_days, len(states) - length + 1, length)
            current = states.roll_up(np.stack([first, first + length], axis=1))
            weekdays = (numbers[first] + 3) % 7 if length == 1 else np.full(len(first), -1)
            compared, days = Comparison(current, total), np.full(len(first), length)
            rows = int(total.rows[0])
            for key, plain in drift(compared, models).items():
                (found,), (p,) = with_chances([models[key]], compared, [plain], days, weekdays)
                for at in range(len(first)):
                    metric = (name, key, found.value[at], p[at], int(current.rows[at]), rows)
                    asked.setdefault((length, at), []).append(metric)
    failing = []
    for (length, at), family in asked.items():
        value, p, rows, reference_rows = (np.array([one[i] for one in family]) for i in range(2, 6))
        threshold = np.array([thresholds[one[1]] for one in family])
        found = judged(value, threshold, p, rows, reference_rows, np.full(len(family), None))
        failing += [(*family[i][:2], length, at) for i in np.flatnonzero(found.verdict == FAIL)]
    return failing


def persistent(failing: list[tuple[str, str, int, int]]) -> set[tuple[str, int]]:
    """Features and kinds of window that fail twice within three windows, as incidents need."""
    windows: dict[tuple[str, int], set[int]] = {}
    for name, _, length, at in failing:
        windows.setdefault((name, length), set()).add(at)
    return {
        key for key, held in windows.items() if any(at + 1 in held or at + 2 in held for at in held)
    }
