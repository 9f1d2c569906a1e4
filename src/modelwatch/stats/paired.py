"""Champion and challenger on the same days: what differs, how surely, and who wins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from modelwatch.stats.arrays import Counts, Floats
from modelwatch.stats.comparison import Values
from modelwatch.stats.intervals import NO_SPREAD, WITHOUT_A_DAY
from modelwatch.stats.jackknife import FEW_DAYS, FEWEST_DAYS, day_interval
from modelwatch.stats.performance import PERFORMANCE, performance
from modelwatch.stats.performance_metric import Better
from modelwatch.stats.scored import NEGATIVE, POSITIVE, BinaryStates
from modelwatch.stats.special import chi_square_tail, fair_coin_p_value

Side = Literal["challenger", "champion", "no difference"]
Winner = Literal["challenger", "champion", "no automatic winner"]

DECIDING = ("accuracy", "f1", "roc_auc", "log_loss")
"""Metrics that decide, the first of them above all."""


@dataclass(frozen=True)
class McNemar:
    """Rows that exactly one of two models decided rightly, and whether they are even, (W,) each.

    ``chi_square`` is with continuity correction, and 0 for no such row. Rows are taken to be
    independent.
    Source: McNemar (1947); Edwards (1948) for the correction.
    """

    champion_only: Counts
    challenger_only: Counts
    exact_p_value: Floats
    chi_square: Floats
    p_value: Floats


def mcnemar(decisions: Counts) -> McNemar:
    """McNemar's test of labelled rows that two models decided; (W, 2, 2, 3) by the champion's
    decision, the challenger's and the label.
    """
    champion = decisions[:, 1, 0, POSITIVE] + decisions[:, 0, 1, NEGATIVE]
    challenger = decisions[:, 0, 1, POSITIVE] + decisions[:, 1, 0, NEGATIVE]
    total = champion + challenger
    excess = np.maximum(np.abs(champion - challenger) - 1.0, 0.0) ** 2
    statistic = np.divide(excess, total, out=np.zeros(total.shape), where=total > 0)
    tail = chi_square_tail(statistic, np.ones_like(total))
    return McNemar(champion, challenger, fair_coin_p_value(champion, challenger), statistic, tail)


@dataclass(frozen=True)
class Difference:
    """A metric of the challenger minus that of the champion.

    ``reason``: why the difference is undefined, or its interval. ``side``: whose metric is better
    beyond the interval; None for a metric that is neither better high nor low.
    """

    key: str
    champion: float
    challenger: float
    value: float
    lower: float
    upper: float
    p_value: float
    reason: str | None
    side: Side | None


def differences(
    champion: BinaryStates,
    challenger: BinaryStates,
    keys: Iterable[str] | None = None,
    *,
    level: float = 0.95,
) -> dict[str, Difference]:
    """Differences of every metric of a binary model, by its key, with intervals from leaving out
    one day after the other.

    Both are stacks of the same D days in the same order. A day is left out of both models at once,
    so that what is common to both cancels: the same rows where ids are shared, the same days where
    traffic is split. A day on which neither model has a labelled row has no say.
    """
    if len(champion) != len(challenger):
        raise ValueError(f"days of two models don't match: {len(champion)} and {len(challenger)}")
    wanted = None if keys is None else list(keys)
    sides, used = (champion, challenger), (champion.labelled > 0) | (challenger.labelled > 0)
    whole = [performance(side.total(), wanted) for side in sides]
    without = [performance(side.take(used).without_each(), wanted) for side in sides]
    return {
        key: _difference(
            key,
            whole[0][key],
            whole[1][key],
            without[1][key].value - without[0][key].value,
            level,
        )
        for key in whole[0]
    }


def _difference(
    key: str, champion: Values, challenger: Values, without: Floats, level: float
) -> Difference:
    value = challenger.value - champion.value
    found = day_interval(value, [without[:, None]], level=level)
    lower, upper, p_value = (float(v[0]) for v in (found.lower, found.upper, found.p_value))
    reason: str | None = None
    if np.isnan(value[0]):
        sides = (("champion", champion), ("challenger", challenger))
        reason = "; ".join(f"{name}: {v.reason[0]}" for name, v in sides if v.reason[0])
    elif np.isnan(lower):
        reason = FEW_DAYS if len(without) < FEWEST_DAYS else WITHOUT_A_DAY
    elif found.sd[0] == 0 and value[0] != 0:
        reason, lower, upper, p_value = NO_SPREAD, np.nan, np.nan, np.nan
    return Difference(
        key=key,
        champion=float(champion.value[0]),
        challenger=float(challenger.value[0]),
        value=float(value[0]),
        lower=lower,
        upper=upper,
        p_value=p_value,
        reason=reason,
        side=side_of(lower, upper, PERFORMANCE[key].better),
    )


def side_of(lower: float, upper: float, better: Better) -> Side | None:
    """Whose metric is better, if the interval of challenger minus champion tells."""
    if better == "neutral":
        return None
    if lower > 0:
        return "challenger" if better == "higher" else "champion"
    if upper < 0:
        return "champion" if better == "higher" else "challenger"
    return "no difference"


@dataclass(frozen=True)
class Verdict:
    """Who wins, and why, in a sentence."""

    winner: Winner
    sentence: str


def verdict(found: Mapping[str, Difference], deciding: Sequence[str] = DECIDING) -> Verdict:
    """The winner of a comparison: the side that the first deciding metric is on beyond its
    interval, unless another deciding metric is on the other side beyond its own.

    Everything else has no automatic winner: an interval that spans zero, an undefined metric,
    metrics that disagree.
    """
    held = [found[key] for key in deciding if key in found]
    if not held:
        return Verdict("no automatic winner", "No automatic winner: no deciding metric is known.")
    first = held[0]
    label = PERFORMANCE[first.key].label
    if np.isnan(first.lower) or first.side is None:
        why = first.reason or "no direction is better"
        return Verdict("no automatic winner", f"No automatic winner: {label}: {why}.")
    if first.side == "no difference":
        return Verdict(
            "no automatic winner",
            f"No automatic winner: the interval of the difference of {label} spans zero "
            f"({first.lower:+.4f} to {first.upper:+.4f}).",
        )
    against = [
        PERFORMANCE[other.key].label
        for other in held[1:]
        if other.side not in (None, "no difference", first.side)
    ]
    if against:
        return Verdict(
            "no automatic winner",
            f"No automatic winner: metrics disagree: {label} is for the {first.side}, "
            f"{', '.join(against)} against.",
        )
    return Verdict(
        "challenger" if first.side == "challenger" else "champion",
        f"The {first.side} is better: difference of {label} {first.value:+.4f} "
        f"({first.lower:+.4f} to {first.upper:+.4f}), and no other deciding metric is against it.",
    )
