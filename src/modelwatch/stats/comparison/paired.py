"""Champion and challenger on the same days: differences, their intervals, and the winner."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from modelwatch.stats.arrays import Counts, Floats, Spans
from modelwatch.stats.comparison.day_differences import row_variance_floor
from modelwatch.stats.drift.comparison import Values
from modelwatch.stats.performance.intervals import WITHOUT_A_DAY
from modelwatch.stats.performance.jackknife import FEW_DAYS, FEWEST_DAYS, DayInterval, day_interval
from modelwatch.stats.performance.metric import Better
from modelwatch.stats.performance.metrics import PERFORMANCE, performance
from modelwatch.stats.performance.window_intervals import chunks
from modelwatch.stats.special import chi_square_tail, fair_coin_p_value
from modelwatch.stats.states.binary import BinaryStates
from modelwatch.stats.states.binary_margins import NEGATIVE, POSITIVE, BinaryMargins

Side = Literal["challenger", "champion", "no difference"]
Winner = Literal["challenger", "champion", "no automatic winner"]

DECIDING = ("accuracy", "f1", "roc_auc", "log_loss")
"""Metrics that decide, in order of precedence."""
POINTS = 0.8
"""Fraction of an interval's half-width from which a difference favors a side: about where a 90 %
interval would exclude zero."""


@dataclass(frozen=True)
class McNemar:
    """Rows that exactly one of two models decided correctly, and whether they are balanced, (W,)
    each.

    ``chi_square`` has a continuity correction, and is 0 without such rows. Rows are assumed to be
    independent. Source: McNemar (1947); Edwards (1948) for the correction.
    """

    champion_only: Counts
    challenger_only: Counts
    exact_p_value: Floats
    chi_square: Floats
    p_value: Floats


def mcnemar(decisions: Counts) -> McNemar:
    """McNemar's test of labeled rows that two models decided; (W, 2, 2, 3) by the champion's
    decision, the challenger's, and the label."""
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

    ``reason``: why the difference, or its interval, is undefined. ``side``: whose metric is better
    beyond the interval; None for a metric without a better direction.
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
    """Differences of every metric of a binary model, by key, with intervals from leaving out one
    day at a time.

    Both are stacks of the same D days in the same order. A day is left out of both models at once,
    so common effects cancel: the same rows if ids are shared, the same days if traffic is split.
    Days on which neither model has a labeled row are not used.
    """
    whole = np.array([[0, len(champion)]], dtype=np.int64)
    return window_differences(champion, challenger, whole, keys, level=level)[0]


def window_differences(
    champion: BinaryStates,
    challenger: BinaryStates,
    spans: Spans,
    keys: Iterable[str] | None = None,
    *,
    level: float = 0.95,
) -> list[dict[str, Difference]]:
    """``differences`` of each window, given as spans ``[start, stop)`` of the days."""
    if len(champion) != len(challenger):
        raise ValueError(f"days of two models don't match: {len(champion)} and {len(challenger)}")
    wanted = None if keys is None else list(keys)
    sides = (champion.margins, challenger.margins)
    whole = [performance(side.roll_up(spans), wanted) for side in sides]
    names = list(whole[0])
    values = np.stack([whole[1][key].value - whole[0][key].value for key in names], axis=1)
    used = np.flatnonzero((champion.labelled > 0) | (challenger.labelled > 0))
    inner = np.searchsorted(used, spans).astype(np.int64)
    known = sides[0].take(used), sides[1].take(used)
    found: list[dict[str, Difference]] = []
    for window, without in enumerate(_without_each(known, inner, names)):
        spread = day_interval(values[window], [without], level=level)
        if np.any((spread.sd == 0) & (spread.value != 0)):
            parts = [side.roll_up(spans[window : window + 1]) for side in sides]
            floor = row_variance_floor(parts, names)
            spread = day_interval(values[window], [without], floors=[floor], level=level)
        found.append(
            {
                key: _difference(key, (whole[0][key], whole[1][key]), window, spread, at, without)
                for at, key in enumerate(names)
            }
        )
    return found


def _without_each(
    sides: tuple[BinaryMargins, BinaryMargins], spans: Spans, keys: Sequence[str]
) -> Iterator[Floats]:
    """For each window, the differences of the metrics (D, K) without each of its days."""
    sizes = spans[:, 1] - spans[:, 0]
    for chunk in chunks(np.arange(len(spans)), sizes):
        first, second = (
            performance(side.without_each_of(spans[chunk]), keys, bounded=False) for side in sides
        )
        values = np.stack([second[key].value - first[key].value for key in keys], axis=1)
        yield from np.split(values, np.cumsum(sizes[chunk])[:-1])


def _difference(
    key: str,
    whole: tuple[Values, Values],
    window: int,
    found: DayInterval,
    at: int,
    without: Floats,
) -> Difference:
    """The metric at a position of ``found``, in one window of ``whole``."""
    value = float(found.value[at])
    lower, upper, p_value = (float(v[at]) for v in (found.lower, found.upper, found.p_value))
    reason: str | None = None
    if np.isnan(value):
        why = zip(("champion", "challenger"), (of.reason[window] for of in whole), strict=True)
        reason = "; ".join(f"{name}: {text}" for name, text in why if text)
    elif np.isnan(lower):
        reason = FEW_DAYS if len(without) < FEWEST_DAYS else WITHOUT_A_DAY
    return Difference(
        key=key,
        champion=float(whole[0].value[window]),
        challenger=float(whole[1].value[window]),
        value=value,
        lower=lower,
        upper=upper,
        p_value=p_value,
        reason=reason,
        side=side_of(lower, upper, PERFORMANCE[key].better),
    )


def side_of(lower: float, upper: float, better: Better) -> Side | None:
    """Whose metric is better, if the interval of challenger minus champion excludes zero."""
    if better == "neutral":
        return None
    if lower > 0:
        return "challenger" if better == "higher" else "champion"
    if upper < 0:
        return "champion" if better == "higher" else "challenger"
    return "no difference"


@dataclass(frozen=True)
class ComparisonVerdict:
    """The winner and the reason, in one sentence."""

    winner: Winner
    sentence: str


def comparison_verdict(
    found: Mapping[str, Difference], deciding: Sequence[str] = DECIDING
) -> ComparisonVerdict:
    """The winner of a comparison: the side that the first deciding metric favors beyond its
    interval, unless another deciding metric points to the other side.

    A metric points to a side beyond its interval, and also if its interval narrowly includes zero.
    In all other cases there is no automatic winner: an interval that spans zero, an undefined
    metric, or metrics that disagree.
    """
    held = [found[key] for key in deciding if key in found]
    if not held:
        return ComparisonVerdict(
            "no automatic winner", "No automatic winner: no deciding metric is known."
        )
    first = held[0]
    label = PERFORMANCE[first.key].label
    if np.isnan(first.lower) or first.side is None:
        why = first.reason or "no direction is better"
        return ComparisonVerdict("no automatic winner", f"No automatic winner: {label}: {why}.")
    if first.side == "no difference":
        return ComparisonVerdict(
            "no automatic winner",
            f"No automatic winner: the interval of the difference of {label} spans zero "
            f"({first.lower:+.4f} to {first.upper:+.4f}).",
        )
    against = [
        f"{PERFORMANCE[other.key].label} {_text(other)} points to the {side}"
        for other in held[1:]
        if (side := pointed_side(other)) not in (None, first.side)
    ]
    if against:
        return ComparisonVerdict(
            "no automatic winner",
            f"No automatic winner: metrics disagree: {label} {_text(first)} is for the "
            f"{first.side}, {', '.join(against)}.",
        )
    return ComparisonVerdict(
        "challenger" if first.side == "challenger" else "champion",
        f"The {first.side} is better: difference of {label} {_text(first)}, and no other deciding "
        "metric points the other way.",
    )


def pointed_side(difference: Difference) -> Side | None:
    """The side to which a difference points, beyond its interval or nearly so; None for none."""
    if difference.side in ("champion", "challenger"):
        return difference.side
    reach = (difference.upper - difference.lower) / 2.0
    if difference.side is None or not abs(difference.value) >= POINTS * reach > 0:
        return None
    return side_of(difference.value, difference.value, PERFORMANCE[difference.key].better)


def _text(difference: Difference) -> str:
    return f"{difference.value:+.4f} ({difference.lower:+.4f} to {difference.upper:+.4f})"
