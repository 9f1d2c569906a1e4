"""Verdicts of one family of comparisons: effects above a threshold and beyond chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.verdicts.multiplicity import Correction, adjusted

PASS = "pass"
FAIL = "fail"
NO_DATA = "no_data"
_NO_REFERENCE = "no_reference"
TOO_FEW_ROWS = "too_few_rows"
_UNDEFINED = "undefined"

NO_SIGNIFICANCE = "not judged: its random variation is unknown"
NO_THRESHOLD = "no threshold"
_NO_VALUE = "undefined"
MOST_TIMES = 1e6
"""Maximum effect in thresholds, such as of any change with a threshold of 0."""


@dataclass(frozen=True)
class Judgement:
    """Verdicts of one family; all (n,).

    ``verdict``: 'pass', 'fail', 'no_data', 'no_reference', 'too_few_rows', or 'undefined'.
    ``adjusted_p``: corrected for ``comparisons``, the number of tested metrics of the family; NaN
    for those that were not tested. ``effect``: absolute value divided by the threshold; NaN if the
    value is undefined. ``reason``: None if the metric was tested.
    """

    verdict: AnyArray
    adjusted_p: Floats
    effect: Floats
    comparisons: int
    reason: AnyArray

    def __len__(self) -> int:
        return len(self.verdict)


def judged(
    value: Floats,
    threshold: Floats,
    p_value: Floats,
    rows: Counts,
    reference_rows: Counts,
    reason: AnyArray,
    *,
    level: float = 0.05,
    min_rows: int | Counts = 100,
    correction: Correction = "benjamini_hochberg",
    worse_only: AnyArray | None = None,
) -> Judgement:
    """Verdicts of the metrics of one family; all arrays (n,).

    ``threshold``: the absolute ``value`` that matters; for 0, any value is ``MOST_TIMES`` of it.
    ``reason``: why a value is undefined, otherwise None. ``min_rows``: for all, or for each (n,); 0
    if the metric is the number of rows, or its p-value accounts for few rows, so that any number of
    rows is judged, including none. ``worse_only``: 1 if only an increase is worse, -1 if only a
    decrease is, 0 for either. The first that applies is the verdict: no rows, no rows in the
    reference, fewer than ``min_rows`` rows, an undefined value, a value without a p-value; then
    'fail' if the effect reaches 1 and ``adjusted_p`` is at most the level, otherwise 'pass'. Only
    the last two count as comparisons.
    """
    value, threshold, p = (np.asarray(x, dtype=np.float64) for x in (value, threshold, p_value))
    rows, reference_rows = np.asarray(rows), np.asarray(reference_rows)
    given = np.asarray(reason, dtype=object)
    effect = _effect(value, threshold, worse_only)
    known = np.where(given == np.array(None), _NO_VALUE, given)
    fewest = np.broadcast_to(np.asarray(min_rows), rows.shape)
    too_few = np.array([f"fewer than {n} rows" for n in fewest.tolist()], dtype=object)
    untested: tuple[tuple[AnyArray, str, AnyArray | str], ...] = (
        ((rows <= 0) & (fewest > 0), NO_DATA, "no rows"),
        (reference_rows <= 0, _NO_REFERENCE, "no rows in the reference"),
        (rows < fewest, TOO_FEW_ROWS, too_few),
        (~np.isfinite(value), _UNDEFINED, known),
        (np.isnan(threshold), _UNDEFINED, NO_THRESHOLD),
        (np.isnan(p), _UNDEFINED, NO_SIGNIFICANCE),
    )
    verdict = np.full(value.shape, PASS, dtype=object)
    why = np.full(value.shape, None, dtype=object)
    tested = np.ones(value.shape, dtype=bool)
    for condition, name, text in reversed(untested):
        verdict[condition] = name
        why = np.where(condition, text, why)
        tested &= ~condition
    corrected = adjusted(np.where(tested, p, np.nan), correction)
    with np.errstate(invalid="ignore"):
        verdict[tested & (effect >= 1.0) & (corrected <= level)] = FAIL
    return Judgement(verdict, corrected, effect, int(tested.sum()), why)


def _effect(value: Floats, threshold: Floats, worse_only: AnyArray | None) -> Floats:
    if np.any(threshold < 0):
        raise ValueError("a threshold is not negative")
    direction = np.zeros(value.shape) if worse_only is None else np.asarray(worse_only)
    size = np.where(direction == 0, np.abs(value), np.maximum(direction * value, 0.0))
    # A metric that is not finite has no effect; maximum() would propagate its NaN.
    with np.errstate(divide="ignore", invalid="ignore"):
        times = np.where(threshold > 0, size / threshold, np.where(size > 0, MOST_TIMES, 0.0))
    return np.where(
        np.isfinite(value) & ~np.isnan(threshold), np.minimum(times, MOST_TIMES), np.nan
    )
