"""Whether a challenger may replace its champion: a pure function of measured gains and conditions.

All requirements must hold, so no correction for their number is needed: if one does not hold, a
promotion needs at least the error of its own interval (an intersection-union test, Berger 1982).
What is not required is a guard: it cannot support a promotion, only prevent it. The error of guards
is divided by their number, and a small loss is tolerated.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from modelwatch.model.comparison.requirement import Requirement
from modelwatch.stats.comparison.confidence_sequence import (
    LEAST_DAYS,
    DayMean,
    days_until,
    detectable,
    ends_of,
)

PromotionArea = Literal["performance", "calibration", "segments", "fairness", "value", "estimate"]
CheckRole = Literal["requirement", "guard"]
Outcome = Literal["supported", "refuted", "open", "unknown"]
PromotionAnswer = Literal["promote", "reject", "undecided"]
ConditionEffect = Literal["none", "wait", "block"]
OF_ALL_SEGMENTS: tuple[PromotionArea, ...] = ("segments", "fairness")
"""Areas whose name is required, with every measured gain of the area."""
ESTIMATE: PromotionArea = "estimate"


@dataclass(frozen=True)
class Gain:
    """How much better a challenger is than its champion by one metric, over shared days.

    ``mean``: the change for the better. ``row_count``: labeled rows, or rows that are estimated.
    ``largest``: the largest possible gain. ``reason``: why it is undefined; None if it is not.
    """

    area: PromotionArea
    metric: str
    segmentation: str
    segment: str
    champion: float
    challenger: float
    mean: DayMean
    row_count: int
    largest: float = math.inf
    reason: str | None = None


@dataclass(frozen=True)
class Condition:
    """Something other than a gain that a promotion depends on, and what it does to one."""

    area: str
    effect: ConditionEffect
    sentence: str


@dataclass(frozen=True)
class PromotionCheck:
    """A gain compared with a margin.

    ``lower``, ``upper``: its interval; ``fixed_lower``, ``fixed_upper``: the one of a single look.
    ``more_days``: further days until it is decided if the gain stays as it is; None if unknown.
    ``detectable``: the smallest gain beyond the margin that these days show with 90 % probability.
    """

    gain: Gain
    role: CheckRole
    margin: float
    error: float
    lower: float
    upper: float
    fixed_lower: float
    fixed_upper: float
    outcome: Outcome
    more_days: int | None
    detectable: float

    @property
    def sentence(self) -> str:
        """The check in words."""
        of = self.gain
        where = "" if of.segmentation == "all" else f" in {of.segmentation} {of.segment}"
        name = f"{of.metric}{where}" + (" (estimated)" if of.area == ESTIMATE else "")
        if self.outcome == "unknown":
            return f"{name}: {of.reason or _few(of.mean.days)}"
        numbers = f"gain {of.mean.value:+.4f} ({self.lower:+.4f} to {self.upper:+.4f})"
        margin = f"{self.margin:+g}" if self.margin else "0"
        said = {
            "supported": f"is above {margin}",
            "refuted": f"is below {margin}",
            "open": f"may be on either side of {margin}",
        }[self.outcome]
        return f"{name}: the {numbers} {said}"


@dataclass(frozen=True)
class Promotion:
    """The answer, the reasons for it, and its evidence.

    ``more_days``: further days after which it may be decided; None if unknown, or if waiting does
    not help.
    """

    answer: PromotionAnswer
    reasons: tuple[str, ...]
    more_days: int | None
    checks: tuple[PromotionCheck, ...]
    conditions: tuple[Condition, ...]


def promotion(
    requirements: Sequence[Requirement],
    gains: Iterable[Gain],
    conditions: Iterable[Condition],
    *,
    error: float = 0.05,
    tolerance: float = 0.01,
    every_look: bool = True,
) -> Promotion:
    """The answer to whether a challenger may replace its champion.

    'promote': all requirements are supported, and no condition waits or blocks. 'reject': a
    requirement or guard is refuted, or a condition blocks. 'undecided': everything else.
    ``error``: probability of a promotion although a requirement does not hold, ever if
    ``every_look``, otherwise on the one day of the look. ``tolerance``: share of the largest
    possible loss that a guard tolerates; an unbounded one tolerates none.
    """
    measured, held = tuple(gains), tuple(conditions)
    required = [(one, gain) for one in requirements for gain in _of(one, measured)]
    named = {id(gain) for _, gain in required}
    guards = [gain for gain in measured if id(gain) not in named]
    checks = [
        _check(gain, one.margin, "requirement", error, every_look=every_look)
        for one, gain in required
    ]
    watched = [
        _check(
            gain,
            -tolerance * gain.largest if math.isfinite(gain.largest) else 0.0,
            "guard",
            error / len(guards),
            every_look=every_look,
        )
        for gain in guards
    ]
    missing = [
        f"{one.sentence}: nothing is known of it" for one in requirements if not _of(one, measured)
    ]
    against = [check for check in watched if check.outcome == "refuted"]
    refused = [
        *(one.sentence for one in held if one.effect == "block"),
        *(check.sentence for check in checks if check.outcome == "refuted"),
        *(f"{one.sentence}, not required" for one in against if one.gain.area != ESTIMATE),
    ]
    pending = [check for check in checks if check.outcome in ("open", "unknown")]
    waiting = [
        *missing,
        *(check.sentence for check in pending),
        *(one.sentence for one in held if one.effect == "wait"),
        *(f"{one.sentence}; labels will decide" for one in against if one.gain.area == ESTIMATE),
    ]
    every = (*checks, *watched)
    if refused:
        return Promotion("reject", tuple(refused), None, every, held)
    if waiting:
        return Promotion("undecided", tuple(waiting), _longest(pending), every, held)
    return Promotion("promote", tuple(check.sentence for check in checks), None, every, held)


def _of(requirement: Requirement, gains: Sequence[Gain]) -> list[Gain]:
    """The measured gains that a requirement is about."""
    if requirement.metric in OF_ALL_SEGMENTS:
        return [gain for gain in gains if gain.area == requirement.metric]
    return [
        gain
        for gain in gains
        if gain.metric == requirement.metric and gain.area not in (*OF_ALL_SEGMENTS, ESTIMATE)
    ]


def _check(
    gain: Gain, margin: float, role: CheckRole, error: float, *, every_look: bool
) -> PromotionCheck:
    lower, upper = ends_of(gain.mean, error, every_look=every_look)
    outcome: Outcome = "open"
    if gain.reason is not None or not math.isfinite(gain.mean.value):
        outcome = "unknown"
    elif lower > margin:
        outcome = "supported"
    elif upper < margin:
        outcome = "refuted"
    elif math.isinf(lower) and math.isinf(upper):
        outcome = "unknown"
    return PromotionCheck(
        gain,
        role,
        margin,
        error,
        lower,
        upper,
        *ends_of(gain.mean, error, every_look=False),
        outcome=outcome,
        more_days=days_until(gain.mean, margin, error, every_look=every_look)
        if outcome in ("open", "unknown")
        else None,
        detectable=detectable(gain.mean, error, every_look=every_look),
    )


def _few(days: int) -> str:
    if days < LEAST_DAYS:
        return f"{days} shared days; an interval needs {LEAST_DAYS}"
    return f"{days} shared days say nothing of its spread"


def _longest(pending: Sequence[PromotionCheck]) -> int | None:
    """Days until the last check is decided; None if one is unknown."""
    days = [check.more_days for check in pending]
    known = [one for one in days if one is not None]
    return max(known) if known and len(known) == len(days) else None
