"""Slices of rows: those whose loss significantly exceeds that of all other rows, and the influence
of a feature on decisions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.performance.jackknife import FEW_DAYS, FEWEST_DAYS, day_interval
from modelwatch.stats.special import normal_tail
from modelwatch.stats.verdicts.multiplicity import adjusted

_FEWEST_ROWS = 100
"""Minimum labeled rows of a slice."""
_LEAST_SHARE = 0.005
"""Minimum share of the labeled rows of a slice."""
FALSE_SHARE = 0.05
"""Accepted false discovery rate among the reported slices."""

TOO_SMALL = "too few labeled rows"
NO_REST = "no other rows"


@dataclass(frozen=True)
class Slices:
    """M slices of one or several splits of the same rows.

    ``loss``: mean loss of the slice. ``excess``: the loss minus that of all other rows of its
    split, with its interval. ``p_value``: of a positive excess by chance. ``adjusted``: corrected
    for the number of slices. ``worst``: indices of the slices whose adjusted p-value is at most
    0.05, by decreasing total excess. ``reason``: (M,) why a slice was not tested, otherwise None.
    """

    rows: Floats
    loss: Floats
    excess: Floats
    lower: Floats
    upper: Floats
    p_value: Floats
    adjusted: Floats
    worst: AnyArray
    reason: AnyArray


def worst_slices(
    rows: Floats,
    losses: Floats,
    total_rows: Floats,
    total_losses: Floats,
    *,
    fewest_rows: int = _FEWEST_ROWS,
    least_share: float = _LEAST_SHARE,
    right_or_wrong: bool = False,
    level: float = 0.95,
) -> Slices:
    """Slices by their excess loss, with a jackknife over days; all (D, M) for D days.

    ``rows`` and ``losses``: labeled rows of each slice, and the sums of their losses.
    ``total_rows`` and ``total_losses``: the same for the entire split of each slice; (D, 1) for one
    split. A slice below ``fewest_rows`` or ``least_share`` of them is left out. ``right_or_wrong``:
    the loss of a row is 0 or 1, so with fewer than 3 days, rows are treated as independent (two
    proportions, pooled); otherwise, nothing is tested then. Source: Benjamini and Hochberg (1995)
    for the correction.
    """
    rows, losses = np.asarray(rows, dtype=np.float64), np.asarray(losses, dtype=np.float64)
    known = np.broadcast_to(total_rows, rows.shape).any(axis=1)
    rows, losses = rows[known], losses[known]
    rest_rows, rest_losses = total_rows[known] - rows, total_losses[known] - losses
    sums = [part.sum(axis=0) for part in (rows, losses, rest_rows, rest_losses)]
    excess = _excess(*sums)
    without = _excess(
        *(
            whole - part
            for whole, part in zip(sums, (rows, losses, rest_rows, rest_losses), strict=True)
        )
    )
    found = day_interval(excess, [without], level=level)
    half = found.p_value / 2.0
    p_value = np.where(excess > 0, half, 1.0 - half)
    by_days = len(rows) >= FEWEST_DAYS
    if not by_days and right_or_wrong:
        p_value = _two_proportions(*sums)
    size = sums[0]
    small = (size < fewest_rows) | (size < least_share * (size + sums[2]))
    reason = np.full(len(size), None, dtype=object)
    reason[np.isnan(p_value) & (not by_days)] = FEW_DAYS
    reason[sums[2] == 0] = NO_REST
    reason[small] = TOO_SMALL
    p_value = np.where(small | (sums[2] == 0), np.nan, p_value)
    corrected = adjusted(p_value)
    order = np.argsort(-np.nan_to_num(excess * size, nan=-np.inf), kind="stable")
    chosen = order[np.nan_to_num(corrected[order], nan=1.0) <= FALSE_SHARE]
    with np.errstate(divide="ignore", invalid="ignore"):
        loss = sums[1] / size
    return Slices(
        size,
        loss,
        excess,
        found.lower,
        found.upper,
        p_value,
        corrected,
        chosen,
        reason,
    )


def _excess(rows: Floats, losses: Floats, rest_rows: Floats, rest_losses: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        found = losses / rows - rest_losses / rest_rows
    return np.where((rows > 0) & (rest_rows > 0), found, np.nan)


def _two_proportions(
    rows: Floats, losses: Floats, rest_rows: Floats, rest_losses: Floats
) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (losses + rest_losses) / (rows + rest_rows)
        error = np.sqrt(share * (1.0 - share) * (1.0 / rows + 1.0 / rest_rows))
        z = (losses / rows - rest_losses / rest_rows) / error
    tail = normal_tail(np.nan_to_num(z))
    return np.where(np.isnan(z), np.nan, tail)


def influence(decisions: Counts) -> float:
    """Correlation ratio of the decision on the slices of a feature, 0 to 1; NaN if undefined.

    ``decisions`` (M, 2): rows of each slice by decision. The root of the share of the decision's
    variance between slices, minus what the same number of slices shows by chance. Undefined if all
    decisions are the same. Source: Fisher (1925), adjusted as by Kelley (1935).
    """
    rows = decisions.sum(axis=1).astype(np.float64)
    total = rows.sum()
    positive = decisions[:, 1].sum() / total if total else np.nan
    held = rows > 0
    if not 0.0 < positive < 1.0 or total <= held.sum():
        return float("nan")
    rate = decisions[held, 1] / rows[held]
    between = float((rows[held] * (rate - positive) ** 2).sum() / total)
    ratio = between / float(positive * (1.0 - positive))
    chance = (held.sum() - 1) / (total - 1)
    return float(np.sqrt(max(0.0, (ratio - chance) / (1.0 - chance))))
