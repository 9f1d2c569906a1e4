"""What some values of a score lead to believe that it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from modelwatch.stats.states.score_scale import MATERIAL_SHARE, ScoreKind

_FEWEST_PERCENTAGES = 20
"""Different values from which on scores up to 100 are percentages rather than grades."""
_FARTHEST_LOGIT = 50.0
"""Log-odds beyond which a score says something else."""
_UNITS = {
    "probability": "between 0 and 1",
    "logit": "log-odds",
    "percentage": "between 0 and 100",
    "rank": "ranks",
}


@dataclass(frozen=True)
class ScoreFacts:
    """What some rows show of a score.

    ``rows`` with a score other than NaN, of which ``improbable`` are not probabilities by what the
    configuration says of it. ``distinct`` is an estimate. ``fractions``: whether some score is no
    integer. ``unequal``: rows whose scores of all classes do not add up to 1.
    """

    name: str
    rows: int
    lowest: float
    highest: float
    distinct: int
    fractions: bool
    improbable: int = 0
    unequal: int = 0


def guessed_kind(facts: ScoreFacts) -> ScoreKind:
    """What a score seems to say: a rank, unless its values look like something more."""
    if facts.lowest >= 0.0 and facts.highest <= 1.0:
        return "probability"
    many = facts.fractions and facts.distinct > _FEWEST_PERCENTAGES
    if facts.lowest >= 0.0 and facts.highest <= 100.0 and many:
        return "percentage"
    within = max(-facts.lowest, facts.highest) <= _FARTHEST_LOGIT
    return "logit" if facts.lowest < 0.0 and many and within else "rank"


def kind_reason(facts: ScoreFacts) -> str | None:
    """What `init` says of a score that is no probability; None for one that is."""
    if not facts.rows or guessed_kind(facts) == "probability":
        return None
    return (
        f"It runs from {facts.lowest:g} to {facts.highest:g}, so it is not a probability: "
        f"performance.score_kind: {guessed_kind(facts)} fits."
    )


def score_reason(
    found: Sequence[ScoreFacts], kind: ScoreKind, *, multiclass: bool = False
) -> list[str]:
    """What `check` says of scores that are not what the configuration says; nothing if they are."""
    reasons = []
    for facts in found:
        if facts.improbable <= MATERIAL_SHARE * facts.rows:
            continue
        guess = guessed_kind(facts)
        hint = "" if guess == kind else f"; it looks like performance.score_kind: {guess}"
        reasons.append(
            f"{facts.name}: {facts.improbable:,} of {facts.rows:,} scores are not "
            f"{_UNITS[kind]}: they run from {facts.lowest:g} to {facts.highest:g}, and metrics of "
            f"probabilities will be undefined{hint}"
        )
    unequal = next((facts for facts in found if facts.unequal), None)
    material = unequal is not None and unequal.unequal > MATERIAL_SHARE * unequal.rows
    if not reasons and multiclass and unequal is not None and material:
        reasons.append(
            f"{unequal.unequal:,} of {unequal.rows:,} rows have scores that do not add up to 1: "
            "log loss will be undefined; set performance.score_kind"
        )
    return reasons
