"""Verdicts of one family of comparisons: an effect beyond its threshold and beyond chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.verdicts.multiplicity import Correction, adjusted

PASS = "pass"
FAIL = "fail"
NO_DATA = "no_data"
NO_REFERENCE = "no_reference"
TOO_FEW_ROWS = "too_few_rows"
UNDEFINED = "undefined"

NO_SIGNIFICANCE = "no significance: nothing tells how much it varies by itself"
NO_THRESHOLD = "no threshold"
NO_VALUE = "undefined"
MOST_TIMES = 1e6
"""Times its threshold that an effect is at most: of a threshold of 0, any change."""


@dataclass(frozen=True)
class Judgement:
    """Verdicts of one family; all (n,).

    ``verdict``: 'pass', 'fail', 'no_data', 'no_reference', 'too_few_rows' or 'undefined'.
    ``adjusted_p``: corrected for ``comparisons``, the number of figures of the family that were
    tested; NaN for those that were not. ``effect``: size of the figure over its threshold, 1 at the
    threshold; NaN where the figure is undefined. ``reason``: None where the figure was tested.
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
    """Verdicts of the figures of one family; all arrays (n,).

    ``threshold``: the size of ``value`` that matters; of 0, any size is ``MOST_TIMES`` of it.
    ``reason``: why a value is undefined, else None.
    ``min_rows``: of all, or of each (n,); 0 where the figure is the number of rows or tells by
    itself how much it is worth, and any number of rows is judged, none included.
    ``worse_only``: 1 where only a rise is for the worse, -1 where only a fall is, 0 where either.
    The first that holds is the verdict: no rows, no rows of the reference, fewer than ``min_rows``
    rows, an undefined value, a value without a p-value; then 'fail' where the effect reaches the
    threshold and ``adjusted_p`` the level, else 'pass'. Only the last two count as comparisons.
    """
    value, threshold, p = (np.asarray(x, dtype=np.float64) for x in (value, threshold, p_value))
    rows, reference_rows = np.asarray(rows), np.asarray(reference_rows)
    given = np.asarray(reason, dtype=object)
    effect = _effect(value, threshold, worse_only)
    known = np.where(given == np.array(None), NO_VALUE, given)
    fewest = np.broadcast_to(np.asarray(min_rows), rows.shape)
    too_few = np.array([f"fewer than {n} rows" for n in fewest.tolist()], dtype=object)
    untested: tuple[tuple[AnyArray, str, AnyArray | str], ...] = (
        ((rows <= 0) & (fewest > 0), NO_DATA, "no rows"),
        (reference_rows <= 0, NO_REFERENCE, "no rows in the reference"),
        (rows < fewest, TOO_FEW_ROWS, too_few),
        (~np.isfinite(value), UNDEFINED, known),
        (np.isnan(threshold), UNDEFINED, NO_THRESHOLD),
        (np.isnan(p), UNDEFINED, NO_SIGNIFICANCE),
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
    # A figure that is not finite has no size; maximum() would keep its NaN anyway.
    with np.errstate(divide="ignore", invalid="ignore"):
        times = np.where(threshold > 0, size / threshold, np.where(size > 0, MOST_TIMES, 0.0))
    return np.where(
        np.isfinite(value) & ~np.isnan(threshold), np.minimum(times, MOST_TIMES), np.nan
    )
